"""Pins that what a passage repeats from the one before is never asked about: it would cross the split."""

from tasks.generate.config import GenerateConfig
from tasks.generate.questions.asking import plan_asks
from tasks.records.corpus import Passage

REPEATED = "The harbour wakes before the town does on every morning of the year."
OWN = "The ferry to the island carries goats, letters and the island doctor each morning."


def test_only_the_own_part_of_a_passage_is_asked_about() -> None:
    passage = Passage(
        id="01234567-0001",
        document="a.pdf",
        document_digest="0" * 64,
        pages=(2, 2),
        text=f"{REPEATED} {OWN}",
        overlap_chars=len(REPEATED) + 1,
    )
    asks = [ask for group in plan_asks([passage], GenerateConfig(seed=1)).groups for ask in group]
    assert asks
    assert not any("harbour" in f"{ask.answer} {ask.text}" for ask in asks)
