"""Pins the statistics: perplexity weighs tokens, intervals repeat with their seed, comparisons are paired."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.records.estimate import Estimate
from tasks.statistics.bootstrap import Bootstrap, Loss, perplexity, verdict

BOOTSTRAP = Bootstrap(samples=1000, confidence=0.95, seed=7)


def losses(count: int, shift: float = 0.0) -> list[Loss]:
    """Return answers of very different difficulty; `shift` nats a token on top."""
    nats_a_token = np.random.default_rng(1).uniform(1, 5, count) + shift
    return [Loss(float(nats) * (10 + i % 7), 10 + i % 7) for i, nats in enumerate(nats_a_token)]


def width(estimate: Estimate) -> float:
    low, high = estimate.ends
    return high - low


def test_perplexity_weighs_every_token_alike() -> None:
    assert perplexity([Loss(2.0, 1), Loss(1.0, 5)]) == pytest.approx(math.exp(3.0 / 6))


def test_an_interval_repeats_with_its_seed_and_moves_with_another() -> None:
    found = losses(20)
    assert BOOTSTRAP.perplexity(found) == Bootstrap(1000, 0.95, 7).perplexity(found)
    assert BOOTSTRAP.perplexity(found) != Bootstrap(1000, 0.95, 8).perplexity(found)


def test_an_interval_holds_its_value_and_narrows_with_more_questions() -> None:
    few, many = BOOTSTRAP.perplexity(losses(10)), BOOTSTRAP.perplexity(losses(400))
    assert few.ends[0] < few.value < few.ends[1]
    assert width(many) < width(few) / 2


def test_more_confidence_is_a_wider_interval() -> None:
    values = [0.1, 0.4, 0.2, 0.9, 0.5]
    narrow, wide = Bootstrap(1000, 0.8, 7).mean(values), BOOTSTRAP.mean(values)
    assert wide.ends[0] < narrow.ends[0]
    assert narrow.ends[1] < wide.ends[1]


def test_a_model_compared_with_itself_has_ratio_one_without_doubt() -> None:
    assert BOOTSTRAP.perplexity_ratio(losses(20), losses(20)) == Estimate(value=1.0, low=1.0, high=1.0)


def test_pairing_sees_a_small_gain_that_separate_intervals_hide() -> None:
    ours, theirs = losses(20, shift=-0.05), losses(20)
    apart = BOOTSTRAP.perplexity(ours), BOOTSTRAP.perplexity(theirs)
    assert apart[0].ends[1] > apart[1].ends[0]
    ratio = BOOTSTRAP.perplexity_ratio(ours, theirs)
    assert ratio.value == pytest.approx(math.exp(-0.05))
    assert verdict(ratio, "expert", "generalist") == "expert better"
    assert BOOTSTRAP.perplexity_difference(ours, theirs).ends[1] < 0


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.8, 0.9, "expert better"),
        (0.85, 1.1, "no difference beyond the noise"),
        (1.1, 1.2, "generalist better"),
        (1 + 1e-8, 1 + 3e-8, "no difference beyond the noise"),
        (1 - 3e-8, 1 - 1e-8, "no difference beyond the noise"),
    ],
)
def test_the_verdict_follows_the_interval(low: float, high: float, words: str) -> None:
    assert verdict(Estimate(value=(low + high) / 2, low=low, high=high), "expert", "generalist") == words


@pytest.mark.parametrize("confidence", [0.6, 0.8, 0.95, 0.99])
def test_as_few_questions_are_enough_as_a_sign_test_needs(confidence: float) -> None:
    least = Bootstrap(1000, confidence, 7).fewest
    assert 2 * 0.5**least <= 1 - confidence < 2 * 0.5 ** (least - 1)


@given(st.lists(st.tuples(st.floats(0.1, 9), st.integers(1, 40)), min_size=2, max_size=12), st.integers(2, 5))
def test_asking_the_same_thing_again_makes_nothing_surer(found: list[tuple[float, int]], times: int) -> None:
    once = [Loss(nats * tokens, tokens) for nats, tokens in found]
    again = [loss for loss in once for _ in range(times)]
    grouped = BOOTSTRAP.grouped([str(place) for place in range(len(once)) for _ in range(times)])
    asked = BOOTSTRAP.perplexity(once)
    assert grouped.perplexity(again).ends == pytest.approx(asked.ends)
    assert grouped.mean([loss.nats for loss in again]).ends == pytest.approx(
        BOOTSTRAP.mean([loss.nats for loss in once]).ends
    )


def test_questions_that_go_together_make_an_interval_wider() -> None:
    values = [value for value in (0.1, 0.9, 0.3, 0.7, 0.2, 0.8) for _ in range(8)]
    passages = [str(place // 8) for place in range(len(values))]
    apart, together = BOOTSTRAP.mean(values), BOOTSTRAP.grouped(passages).mean(values)
    assert together.value == apart.value
    assert width(together) > 2 * width(apart)


def test_questions_each_on_their_own_passage_are_drawn_as_before() -> None:
    found = losses(20)
    assert BOOTSTRAP.grouped([str(place) for place in range(20)]).perplexity(found) == BOOTSTRAP.perplexity(
        found
    )
