"""Tell kinds of router apart, or say that they cannot be told apart.

In: for each kind, which of the same questions it routes right. Out: how far each lies behind the best, an
interval, and a verdict. Exact McNemar test (1947) on the questions where two disagree; interval and p-value
come from the same binomial law, so they never contradict each other. Questions count as independent.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

from tasks.records.files import Record
from tasks.records.router_comparison import Verdict
from tasks.route.confidence.risk_curves import Right
from tasks.statistics.wilson import wilson

_ERRORS = 0.05
"""Chance that any difference at all is named where there is none."""


class Behind(Record):
    """How one kind compares with the kind that routes the most questions right."""

    difference: float
    """Its accuracy minus the best's: 0 or below."""
    difference_low: float
    difference_high: float
    """Interval at 95 % or more for all kinds together."""
    p_value: float
    """Chance of a difference at least as large between equals."""
    verdict: Verdict
    """`best` only where every other kind is worse; nothing inside the noise is called better."""


def judged(right: Sequence[Right]) -> list[Behind]:
    """Return each kind's distance from the best, in order; each array has one entry a question."""
    if len(right) == 1:
        return [_same("not compared")]
    best = int(np.argmax([row.sum() for row in right]))
    alpha = _ERRORS / (len(right) - 1)
    rows = [
        _same("best") if place == best else _behind(row, right[best], alpha)
        for place, row in enumerate(right)
    ]
    if any(row.verdict == "not distinguishable" for row in rows):
        rows[best] = _same("not distinguishable")
    return rows


def _same(verdict: Verdict) -> Behind:
    return Behind(difference=0.0, difference_low=0.0, difference_high=0.0, p_value=1.0, verdict=verdict)


def _behind(row: Right, best: Right, alpha: float) -> Behind:
    won, lost = int((row & ~best).sum()), int((best & ~row).sum())
    p_value = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    low, high = _interval(won, lost, len(row), alpha)
    return Behind(
        difference=(won - lost) / len(row),
        difference_low=low,
        difference_high=high,
        p_value=p_value,
        verdict="worse" if p_value < alpha else "not distinguishable",
    )


def _interval(won: int, lost: int, questions: int, alpha: float) -> tuple[float, float]:
    """Return the interval of `share * (2 * chance - 1)`.

    `share` is how often the two disagree, `chance` how often the first is right where they do. Each ranges
    over its own interval: that is wider than need be, and on one side of 0 exactly where the test says so.
    """
    disagreed = won + lost
    least, most = wilson(disagreed, questions, 1 - alpha)
    if not disagreed:
        return -most, most
    chance = binomtest(won, disagreed).proportion_ci(1 - alpha, method="exact")
    low, high = 2 * float(chance.low) - 1, 2 * float(chance.high) - 1
    return (
        low * (most if low < 0 else least),
        high * (least if high < 0 else most),
    )
