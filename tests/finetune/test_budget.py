"""Pins the token budget: one rule for expert and generalist, equal shares, drawn by seed."""

from collections import Counter
from itertools import pairwise

import pytest

from tasks.finetune.budget import plan_examples, sorted_within_steps, tokens_by_step
from tasks.finetune.encoding import Encoded
from tasks.kernel.errors import DataError


def pool(domain: str, lengths: list[int]) -> list[Encoded]:
    return [Encoded(domain, (number,) * length, (number,) * length) for number, length in enumerate(lengths)]


ANXIETY = pool("anxiety", [30, 40, 50, 60, 20])
OCD = pool("ocd", [35, 45, 25, 55, 15, 65, 70])
LONGEST = 70


def test_expert_and_generalist_get_the_same_budget() -> None:
    expert = plan_examples({"ocd": OCD}, 3, 700, seed=1)
    generalist = plan_examples({"ocd": OCD, "anxiety": ANXIETY}, 3, 700, seed=1)
    for plan in (expert, generalist):
        assert plan.budget == 700
        assert 700 - LONGEST < plan.tokens <= 700


def test_without_a_budget_the_generalist_gets_the_experts_mean() -> None:
    experts = [plan_examples({"x": domain}, 3, None, seed=1) for domain in (ANXIETY, OCD)]
    generalist = plan_examples({"anxiety": ANXIETY, "ocd": OCD}, 3, None, seed=1)
    assert [expert.tokens for expert in experts] == [600, 930]
    assert generalist.budget == 765


def test_the_generalists_domains_have_equal_shares_of_tokens() -> None:
    pools = {"brief": pool("brief", [10, 12, 8, 9]), "wordy": pool("wordy", [60, 70, 50])}
    shares = plan_examples(pools, 3, 2000, seed=1).tokens_by_domain()
    assert abs(shares["brief"] - shares["wordy"]) <= LONGEST


def test_every_example_is_seen_before_one_is_repeated() -> None:
    plan = plan_examples({"ocd": OCD}, 3, None, seed=1)
    for start in range(0, 3 * len(OCD), len(OCD)):
        assert Counter(plan.sequence[start : start + len(OCD)]) == Counter(OCD)


def test_the_seed_alone_decides_the_order() -> None:
    plans = [plan_examples({"ocd": OCD}, 3, None, seed) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_a_domains_order_does_not_depend_on_the_others() -> None:
    alone = plan_examples({"ocd": OCD}, 3, 700, seed=1).sequence
    mixed = plan_examples({"ocd": OCD, "anxiety": ANXIETY}, 3, 1500, seed=1).sequence
    own = tuple(example for example in mixed if example.domain == "ocd")
    assert own[: len(alone)] == alone[: len(own)]


def test_sorting_changes_no_steps_examples() -> None:
    sequence = plan_examples({"ocd": OCD}, 3, None, seed=1).sequence
    ordered = sorted_within_steps(sequence, 4)
    for start in range(0, len(sequence), 4):
        step = ordered[start : start + 4]
        assert Counter(step) == Counter(sequence[start : start + 4])
        assert all(first.tokens >= second.tokens for first, second in pairwise(step))


def test_tokens_after_the_last_step_are_all_tokens() -> None:
    plan = plan_examples({"ocd": OCD}, 3, None, seed=1)
    assert tokens_by_step(plan.sequence, 4)[-1] == plan.tokens
    assert len(tokens_by_step(plan.sequence, 4)) == 6


def test_a_budget_below_one_example_is_refused() -> None:
    with pytest.raises(DataError, match="token_budget"):
        plan_examples({"long": pool("long", [500])}, 3, 100, seed=1)
