"""Pins the verdicts of a comparison: no winner inside the noise, and intervals that agree with the test."""

import numpy as np
import pytest
from scipy.stats import binomtest

from tasks.route.compare.mcnemar import judged

QUESTIONS = 1000


def right(*wrong: int) -> np.ndarray:
    """Return a router that is right everywhere but on the questions from `wrong[0]` to `wrong[1]`."""
    found = np.ones(QUESTIONS, dtype=np.bool_)
    found[slice(*wrong)] = False
    return found


def test_a_clear_winner_is_named() -> None:
    best, worse = judged([right(0, 20), right(0, 80)])
    assert (best.verdict, worse.verdict) == ("best", "worse")
    assert worse.difference == pytest.approx(-0.06)
    assert worse.difference_low < -0.06 < worse.difference_high < 0


def test_no_winner_is_named_inside_the_noise() -> None:
    rows = judged([right(0, 20), right(30, 55), right(0, 200)])
    assert [row.verdict for row in rows] == ["not distinguishable", "not distinguishable", "worse"]


def test_routers_that_never_disagree_are_alike() -> None:
    assert [row.verdict for row in judged([right(0, 9), right(0, 9)])] == ["not distinguishable"] * 2


def test_one_router_alone_is_not_compared() -> None:
    assert [row.verdict for row in judged([right(0, 9)])] == ["not compared"]


@pytest.mark.parametrize("lost", range(1, 14))
def test_the_interval_leaves_out_zero_exactly_where_the_test_names_a_difference(lost: int) -> None:
    _, other = judged([right(0, 3), right(3, 6 + lost)])
    expected = binomtest(3, 6 + lost).pvalue
    assert other.p_value == pytest.approx(expected)
    assert (other.verdict == "worse") == (expected < 0.05) == (other.difference_high < 0)


def test_more_rivals_ask_for_more_evidence() -> None:
    best, rival = right(0, 0), right(0, 7)
    assert judged([best, rival])[1].verdict == "worse"
    assert judged([best, *[rival] * 8])[1].verdict == "not distinguishable"
