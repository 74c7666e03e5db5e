"""Pins the plan: what is asked about a passage depends on its document and the seed alone."""

from generate_corpus import passages

from tasks.generate.config import GenerateConfig
from tasks.generate.questions.asking import plan_asks
from tasks.generate.teacher_config import ScriptedTeacher

CONFIG = GenerateConfig(teacher=ScriptedTeacher(), checkpoint_every=4)


def test_a_new_document_changes_no_ask_of_the_others() -> None:
    both = plan_asks(passages(12), CONFIG)
    alone = plan_asks(passages(6), CONFIG)
    assert both.groups[: len(alone.groups)] == alone.groups


def test_a_group_holds_passages_of_one_document() -> None:
    texts = {passage.id: passage.document for passage in passages(12)}
    plan = plan_asks(passages(12), CONFIG)
    assert [len({ask.passage for ask in group}) for group in plan.groups] == [4, 2, 4, 2]
    assert all(len({texts[ask.passage] for ask in group}) == 1 for group in plan.groups)


def test_every_sentence_is_used_or_skipped_for_a_reason() -> None:
    found = passages(12)
    found[3] = found[3].model_copy(
        update={"text": found[2].text + " They vanish. See www.example.org today."}
    )
    for limit in (1, 3, 20):
        plan = plan_asks(found, CONFIG.model_copy(update={"pairs_per_passage": limit}))
        for count in plan.by_passage.values():
            skipped = sum(count[key] for key in count if key not in {"sentences", "used", "asked"})
            assert count["used"] + skipped == count["sentences"]
        assert sum(count["asked"] for count in plan.by_passage.values()) == plan.asked


def test_a_whole_passage_is_one_ask_with_its_text() -> None:
    config = GenerateConfig(teacher=ScriptedTeacher(mode="passage"), pairs_per_passage=7)
    asks = [ask for group in plan_asks(passages(3), config).groups for ask in group]
    assert [(ask.text, ask.count, ask.answer) for ask in asks] == [(one.text, 7, "") for one in passages(3)]
