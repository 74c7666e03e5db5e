"""Set thresholds for stated targets: what a router said of held-out questions in, thresholds out.

A share counted on few questions flatters, so a confidence threshold is taken only where a bound on the share
holds with 95 % confidence: selection with guaranteed risk (Geifman and El-Yaniv 2017).
"""

import logging
from math import ceil, floor, log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from tasks.router_runtime.question_scores import Floats

LOG = logging.getLogger(__name__)
_DOUBT = 0.05
"""Chance that a bound does not hold."""


class Threshold(NamedTuple):
    """The least value to accept, and what that promises."""

    value: float
    basis: str


class _Cuts(NamedTuple):
    """Every threshold that differs, the strictest first, and how many questions it answers and misroutes."""

    values: Floats
    answered: NDArray[np.int_]
    wrong: NDArray[np.int_]

    def bounds(self, doubt: float) -> Floats:
        """Return upper bounds of the share misrouted (Clopper and Pearson 1934), one-sided."""
        right = self.answered - self.wrong
        found: Floats = np.where(right > 0, beta.ppf(1 - doubt, self.wrong + 1, np.maximum(right, 1)), 1.0)
        return found


def confidence_threshold(confidence: Floats, correct: NDArray[np.bool_], target: float) -> Threshold:
    """Return the least confidence at which at most `target` of the answered questions are misrouted.

    Where held-out questions are too few for a bound, the share counted on them decides, and where no
    threshold reaches the target, the one with the lowest bound is taken; the basis says so.
    """
    cuts = _cuts(confidence, correct)
    questions = f"on {len(confidence):,} held-out questions"
    goal = f"at most {target:.2%} misrouted among answered"
    if (place := _guaranteed(cuts, target)) is not None:
        return Threshold(float(cuts.values[place]), f"{goal}, with {1 - _DOUBT:.0%} confidence, {questions}")
    shares = cuts.wrong / cuts.answered
    if (reached := np.flatnonzero(shares <= target)).size:
        basis = f"{goal}, counted {questions}: too few to guarantee it"
        place = int(reached[-1])
    else:
        place = int(cuts.bounds(_DOUBT).argmin())
        basis = f"no confidence reaches {goal}: {shares[place]:.2%} is the best, {questions}"
    LOG.warning("max_misrouted: %s; it covers %d of them", basis, cuts.answered[place])
    return Threshold(float(cuts.values[place]), basis)


def scope_threshold(scope: Floats, target: float) -> Threshold:
    """Return the chance of being in scope that at most `target` of the in-scope questions fall below."""
    rejected = floor(target * len(scope))
    if not rejected:
        LOG.warning(
            "max_false_rejections: %.2f %% of %d held-out questions is none", 100 * target, len(scope)
        )
    basis = (
        f"at most {target:.2%} of the questions in scope rejected, counted on {len(scope):,} held-out ones"
    )
    return Threshold(float(np.sort(scope)[rejected]), basis)


def _cuts(confidence: Floats, correct: NDArray[np.bool_]) -> _Cuts:
    order = np.argsort(-confidence, kind="stable")
    sure, wrong = confidence[order], np.cumsum(~correct[order], dtype=np.int_)
    # Questions of one confidence are answered together or not at all.
    last = np.flatnonzero(np.append(sure[1:] != sure[:-1], True))
    return _Cuts(sure[last], last + 1, wrong[last])


def _guaranteed(cuts: _Cuts, target: float) -> int | None:
    """Search for the widest cut whose bound holds; each of the steps takes its part of the doubt."""
    steps = max(1, ceil(log2(len(cuts.values) + 1)))
    bounds = cuts.bounds(_DOUBT / steps)
    found, low, high = None, 0, len(bounds) - 1
    while low <= high:
        middle = (low + high) // 2
        if bounds[middle] <= target:
            found, low = middle, middle + 1
        else:
            high = middle - 1
    return found
