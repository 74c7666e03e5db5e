"""Pins that what several domains have stands on one side in all of them."""

from pathlib import Path

import pytest
from generate_corpus import passages, workspace, write_corpus

from tasks.generate.config import GenerateConfig, SharedSources
from tasks.generate.run import run
from tasks.generate.selection.sharing import shared_sides
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.kernel.errors import DataError
from tasks.records.corpus import Passage
from tasks.records.dataset import DRAWN, Example
from tasks.records.files import read_records

pytestmark = pytest.mark.slow

CONFIG = GenerateConfig(teacher=ScriptedTeacher(), min_pairs=20, min_test_pairs=5)
SHARED = SharedSources(documents=("both",))


def library(own: str, first: int, shared: int = 6) -> list[Passage]:
    """Return six passages of a domain's own, behind those that it shares."""
    texts = passages(12)
    both = [
        text.model_copy(update={"id": f"both-{at}", "document_digest": "both"})
        for at, text in enumerate(texts)
    ]
    mine = [
        text.model_copy(update={"id": f"{own}-{at}", "document": f"{own}.pdf", "document_digest": own})
        for at, text in enumerate(texts)
    ]
    return [*both[:shared], *mine[first : first + 6]]


def sides(corpus: list[Passage], config: GenerateConfig, folder: Path) -> dict[str, str]:
    """Run the stage and return the split of each passage that gave pairs."""
    run({"corpus": write_corpus(folder / "corpus", corpus, [])}, config, workspace(folder))
    found = {
        (example.passage, split)
        for split in DRAWN
        for example in read_records(folder / "out" / f"{split}.jsonl", Example)
    }
    assert len({passage for passage, _ in found}) == len(found)
    return dict(found)


def test_a_shared_passage_is_on_one_side_in_every_domain(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"shared": SHARED})
    other = config.model_copy(update={"seed": 7, "test_share": 0.4, "min_test_pairs": 15})
    one = sides(library("one", 6), config, tmp_path / "one")
    two = sides(library("two", 6), other, tmp_path / "two")
    alone = sides(library("three", 6)[:6], config, tmp_path / "three")
    common = one.keys() & two.keys() & alone.keys()
    assert len(common) == 6
    assert {one[name] for name in common} == set(DRAWN)
    assert all(one[name] == two[name] == alone[name] for name in common)


def test_without_telling_them_the_sides_differ(tmp_path: Path) -> None:
    one = sides(library("one", 6), CONFIG, tmp_path / "one")
    two = sides(library("two", 6), CONFIG.model_copy(update={"seed": 7}), tmp_path / "two")
    assert any(one[name] != two[name] for name in one.keys() & two.keys())


def test_a_document_that_others_cut_otherwise_is_trained_on(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"shared": SharedSources(whole=("both",))})
    found = sides(library("one", 6), config, tmp_path)
    assert {split for name, split in found.items() if name.startswith("both")} == {"train"}
    assert {split for name, split in found.items() if name.startswith("one")} >= {"test", "validation"}
    with pytest.raises(
        DataError, match=r"no pairs are left for validation, test: .*what other domains have as well"
    ):
        sides(library("one", 6)[:6], config, tmp_path / "alone")


def test_examples_of_one_data_set_are_drawn_alike() -> None:
    ready = [Example(id=f"e{at}", question="q", answer="a", teacher="dataset") for at in range(40)]
    shared = SharedSources(examples=True)
    found = shared_sides([], ready, shared)
    assert found == shared_sides([], ready[::-1], shared)
    assert [list(found.values()).count(split) for split in DRAWN] == [30, 4, 6]
    fixed = [ready[0].model_copy(update={"split": "test"}), *ready[1:]]
    assert shared_sides([], fixed, shared) == {}


def test_too_few_passages_for_three_sides_are_trained_on() -> None:
    assert set(shared_sides(library("one", 6)[:2], [], SHARED).values()) == {"train"}


def test_the_card_is_the_same_with_and_without_limits(tmp_path: Path) -> None:
    for name, update in (("one", {}), ("two", {"min_training_pairs": 3, "max_leaked_share": 0.9})):
        corpus = write_corpus(tmp_path / name / "corpus", passages(12), [])
        run({"corpus": corpus}, CONFIG.model_copy(update=update), workspace(tmp_path / name))
    cards = {(tmp_path / name / "out" / "README.md").read_bytes() for name in ("one", "two")}
    assert len(cards) == 1
