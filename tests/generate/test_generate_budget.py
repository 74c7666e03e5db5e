"""Pins budgets: asking stops between groups, names the limit, and goes on from there with a larger one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from generate_corpus import passages, workspace

from tasks.generate.config import Budget, GenerateConfig
from tasks.generate.drafting.budgets import Spent, reached, spent_on
from tasks.generate.drafting.drafts import DraftingResult, collect_drafts
from tasks.generate.drafting.groups import AnsweredGroup, group_seed, read_group, write_group
from tasks.generate.pairs import Ask, Reply
from tasks.generate.questions.asking import Plan, plan_asks
from tasks.generate.teacher_config import Prices, ScriptedTeacher
from tasks.kernel.workspace import Workspace

TEXTS = {passage.id: passage for passage in passages(12)}
CONFIG = GenerateConfig(
    teacher=ScriptedTeacher(prices=Prices(input_per_million=2, output_per_million=10)),
    min_pairs=20,
    min_test_pairs=5,
    checkpoint_every=2,
)
PLAN = plan_asks(list(TEXTS.values()), CONFIG)
ASKED = 16
"""Questions of a group: two passages of eight sentences."""


def collect(folder: Path, budget: Budget | None = None, plan: Plan = PLAN) -> DraftingResult:
    config = CONFIG.model_copy(update={"budget": budget or Budget()})
    return collect_drafts(plan, TEXTS, config, None, place(folder))


def place(folder: Path) -> Workspace:
    return replace(workspace(folder), reuse=folder / "reuse")


def fill(folder: Path, groups: Sequence[Sequence[Ask]], seconds: float = 60.0, tokens: int = 1000) -> None:
    """Keep replies to `groups`, each of which took so long and so many tokens in and out."""
    for asks in groups:
        seed = group_seed(CONFIG.seed, asks)
        replies = [Reply(text="What is known?", input_tokens=tokens, output_tokens=tokens) for _ in asks]
        write_group(folder / "reuse", asks, seed, replies, seconds)


def asked(folder: Path) -> int:
    return len(list((folder / "reuse").glob("*.json")))


def test_the_plan_is_what_these_tests_take_it_for() -> None:
    assert [len(group) for group in PLAN.groups] == [ASKED] * 6


def test_a_budget_of_pairs_stops_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    everything = collect(tmp_path / "all")
    pairs = spent_on_all(everything).pairs
    assert pairs > 60
    few = collect(tmp_path / "few", Budget(pairs=pairs // 2))
    assert few.stopped_by == f"{pairs // 2} pairs"
    assert few.drafts == everything.drafts[: len(few.drafts)]
    assert pairs // 2 <= spent_on_all(few).pairs < pairs
    passages_asked = len({draft.ask.passage for draft in few.drafts})
    (told,) = caplog.messages
    assert told.startswith(
        f"stopped by the budget of {pairs // 2} pairs: {passages_asked} of 12 passages asked"
    )
    assert told.endswith("raise it and run again: what is asked is kept")


def spent_on_all(drafted: DraftingResult) -> Spent:
    return spent_on(AnsweredGroup(drafts=drafted.drafts, seconds=0), CONFIG.teacher, TEXTS)


def test_a_larger_budget_goes_on_from_there(tmp_path: Path) -> None:
    first = collect(tmp_path, Budget(pairs=20))
    before = asked(tmp_path)
    again = collect(tmp_path, Budget(pairs=20))
    assert (again.drafts, asked(tmp_path)) == (first.drafts, before)
    more = collect(tmp_path, Budget(pairs=40))
    assert asked(tmp_path) > before
    assert more.drafts[: len(first.drafts)] == first.drafts
    assert collect(tmp_path).stopped_by == ""
    assert asked(tmp_path) == len(PLAN.groups)


def test_a_budget_of_pairs_means_the_same_whatever_was_asked_before(tmp_path: Path) -> None:
    collect(tmp_path / "full")
    full, fresh = collect(tmp_path / "full", Budget(pairs=30)), collect(tmp_path / "fresh", Budget(pairs=30))
    assert full.drafts == fresh.drafts
    assert full.stopped_by == fresh.stopped_by == "30 pairs"


def test_minutes_of_killed_attempts_count(tmp_path: Path) -> None:
    fill(tmp_path, PLAN.groups[:3], seconds=60)
    found = collect(tmp_path, Budget(minutes=3))
    assert found.stopped_by == "3 minutes"
    assert len(found.drafts) == 3 * ASKED
    assert found.seconds == 180
    assert asked(tmp_path) == 3
    assert collect(tmp_path, Budget(minutes=3.01)).stopped_by == ""


def test_money_is_tokens_at_their_prices(tmp_path: Path) -> None:
    fill(tmp_path, PLAN.groups[:2])
    cost = 2 * ASKED * 1000 * (2 + 10) / 1_000_000
    assert collect(tmp_path, Budget(money=cost)).stopped_by == f"{cost:g} of money"
    assert asked(tmp_path) == 2
    assert collect(tmp_path, Budget(money=cost + 0.01)).stopped_by == ""


def test_a_new_document_is_not_asked_about_once_the_others_have_used_the_budget_up(tmp_path: Path) -> None:
    fill(tmp_path, PLAN.groups[2:], seconds=60)
    found = collect(tmp_path, Budget(minutes=4))
    assert found.stopped_by == "4 minutes"
    assert asked(tmp_path) == 4
    assert found.drafts == [draft for group in PLAN.groups[2:] for draft in drafts_of(tmp_path, group)]


def drafts_of(folder: Path, asks: Sequence[Ask]) -> list[object]:
    group = read_group(folder / "reuse", asks, group_seed(CONFIG.seed, asks))
    assert group is not None
    return list(group.drafts)


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        (Budget(), ""),
        (Budget(pairs=11, minutes=2, money=2), ""),
        (Budget(pairs=10), "10 pairs"),
        (Budget(minutes=1.5), "1.5 minutes"),
        (Budget(money=1.25), "1.25 of money"),
        (Budget(pairs=10, minutes=1, money=1), "10 pairs"),
    ],
)
def test_the_first_limit_that_is_reached_is_named(budget: Budget, limit: str) -> None:
    assert reached(budget, Spent(pairs=10, seconds=90, money=1.25)) == limit
