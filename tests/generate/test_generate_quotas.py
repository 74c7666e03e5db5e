"""Pins quotas: configured shares are met, passage by passage, and no other passage has a say."""

import random
from collections import Counter

import pytest

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import Ask
from tasks.generate.questions.asking import plan_asks
from tasks.generate.questions.quotas import assign, choose, quotas
from tasks.generate.teacher_config import ScriptedTeacher
from tasks.records.corpus import Passage

SHARES = {"factual": 0.5, "why": 0.3, "scenario": 0.2}
CONFIG = GenerateConfig.model_validate(
    {
        "teacher": ScriptedTeacher(),
        "question_types": SHARES,
        "personas": ["a parent", "a nurse"],
        "difficulties": {"easy": 3, "hard": 1},
    }
)


def statements(passage: str, count: int) -> list[Ask]:
    return [Ask(passage=passage, answer=f"Statement {at} holds here.") for at in range(count)]


def kinds(asks: list[Ask]) -> Counter[str]:
    return Counter(
        {str(kind): sum(ask.count for ask in asks if ask.question_type == kind) for kind in SHARES}
    )


def test_shares_that_divide_evenly_are_met_exactly() -> None:
    asks = assign(statements("p", 20), CONFIG)
    assert kinds(asks) == {"factual": 10, "why": 6, "scenario": 4}
    assert Counter(ask.persona for ask in asks) == {"a parent": 10, "a nurse": 10}
    assert Counter(ask.difficulty for ask in asks) == {"easy": 15, "hard": 5}
    assert [ask.answer for ask in asks] == [ask.answer for ask in statements("p", 20)]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_remainders_are_drawn_so_that_small_shares_are_met_over_many_passages(count: int) -> None:
    asks = [ask for at in range(400) for ask in assign(statements(f"p{at}", count), CONFIG)]
    for kind, share in SHARES.items():
        assert abs(kinds(asks)[kind] / len(asks) - share) < 0.05


@pytest.mark.parametrize("count", range(40))
def test_every_quota_is_its_share_rounded_down_or_up(count: int) -> None:
    shares = {"a": 0.1, "b": 0.2, "c": 1 / 3, "d": 0.0, "e": 2.0}
    for seed in range(20):
        found = quotas(shares, count, random.Random(seed))  # noqa: S311
        assert found.total() == count
        assert found["d"] == 0
        for name, share in shares.items():
            assert abs(found[name] - count * share / sum(shares.values())) < 1


def test_other_passages_and_runs_change_nothing() -> None:
    alone = assign(statements("one", 7), CONFIG)
    mixed = assign([*statements("two", 5), *statements("one", 7), *statements("three", 2)], CONFIG)
    assert [ask for ask in mixed if ask.passage == "one"] == alone
    assert assign(statements("one", 7), CONFIG.model_copy(update={"seed": 1})) != alone


def test_a_passage_is_asked_for_each_of_its_types_apart() -> None:
    asks = assign([Ask(passage="p", text="Bees dance.", count=20)], CONFIG)
    assert kinds(asks) == {"factual": 10, "why": 6, "scenario": 4}
    assert len(asks) == 3
    assert all(ask.text == "Bees dance." and ask.persona for ask in asks)


def test_a_begun_question_keeps_its_type_and_a_whole_one_is_nobodys() -> None:
    begun = Ask(passage="p", answer="Bees dance.", opening="How do bees", question_type="how")
    whole = Ask(passage="p", answer="Bees dance.", opening="What do bees do?", question_type="factual")
    one, two = assign([begun, whole], CONFIG)
    assert (one.question_type, two.question_type) == ("how", "factual")
    assert one.persona
    assert (two.persona, two.difficulty) == ("", "")


def test_without_quotas_nothing_changes() -> None:
    asks = statements("p", 5)
    assert assign(asks, GenerateConfig()) == asks


def test_choosing_fills_quotas_from_what_is_there_and_then_from_the_rest() -> None:
    there = {"factual": 15, "how": 9, "why": 3, "scenario": 1}
    asks = [
        Ask(passage="p", answer=f"{kind} {at}", question_type=kind)
        for kind, count in there.items()
        for at in range(count)
    ]
    chosen = choose(asks, 10, CONFIG)
    assert kinds(chosen) == {"factual": 6, "why": 3, "scenario": 1}
    assert len(choose(asks, 100, CONFIG)) == 19
    assert choose(asks, 10, CONFIG) == chosen == [ask for ask in asks if ask in chosen]
    assert len(choose(asks, 10, GenerateConfig())) == 10
    assert choose([], 10, CONFIG) == []


@pytest.mark.parametrize("mode", ["answer_first", "passage"])
def test_the_plan_holds_the_quotas(mode: str) -> None:
    text = " ".join(
        f"The tool number {at} helps people to mend their old chairs quickly." for at in range(20)
    )
    passage = Passage(id="p", document="d.pdf", document_digest="d", pages=(1, 1), text=text)
    teacher = ScriptedTeacher.model_validate({"mode": mode})
    judging = CONFIG.judging.model_copy(update={"near_duplicate": 1.0})
    plan = plan_asks([passage], CONFIG.model_copy(update={"teacher": teacher, "judging": judging}))
    asks = [ask for group in plan.groups for ask in group]
    assert kinds(asks) == {"factual": 10, "why": 6, "scenario": 4}
    assert plan.by_passage["p"]["asked"] == plan.asked == len(asks)
