"""By how much a new version is worse: two measurements in, a difference and its interval out.

On identical questions the paired bootstrap decides. Otherwise two independent intervals are combined
by MOVER (Zou & Donner 2008; for shares that is Newcombe's method), which needs a larger difference.
Intervals are widened for the number of comparisons (Bonferroni), or of a hundred equal experts
nearly every system would be refused by chance.
"""

from dataclasses import dataclass
from math import exp, hypot, log
from statistics import NormalDist

from pydantic import BaseModel, ConfigDict

from flows.report.words import against
from tasks.records.estimate import Estimate

_TAIL = 0.025
"""Of the 95 % intervals that evaluations report."""


class Quality(BaseModel):
    """One measure of quality: a perplexity, where less is better, or a share, where more is."""

    model_config = ConfigDict(frozen=True)

    estimate: Estimate
    loss: bool = True
    """Whether it is a perplexity."""
    relative: Estimate | None = None
    """Its ratio to a reference on the same questions, which depends less on which questions were drawn."""


@dataclass(frozen=True)
class Worse:
    """How much worse: logarithms of a ratio of perplexities, or a difference of shares."""

    value: float
    surely: float
    """Lower end of the interval: above 0, the new version is worse beyond chance."""
    high: float
    loss: bool
    method: str
    theirs: float

    def share(self, part: float) -> float:
        """Return `part` of the champion's quality in the same terms."""
        return log(1 + part) if self.loss else part * self.theirs

    @property
    def words(self) -> str:
        """Return difference, interval and method."""
        if self.loss:
            value, low, high = (against(exp(end)) for end in (self.value, self.surely, self.high))
        else:
            value, low, high = (f"{-100 * end:+.1f} points" for end in (self.value, self.surely, self.high))
        return f"{value} ({low} to {high}), {self.method}"


def by_how_much(ours: Quality, theirs: Quality, paired: Estimate | None, comparisons: int) -> Worse:
    """Compare two measurements; `paired` is the ratio of the perplexities on the same questions."""
    if ours.loss and paired:
        value, low, high = _logs(paired)
        method = "paired on the same questions"
    elif ours.loss and ours.relative and theirs.relative:
        value, low, high = _apart(_logs(ours.relative), _logs(theirs.relative))
        method = "from each one's ratio to its reference"
    elif ours.loss:
        value, low, high = _apart(_logs(ours.estimate), _logs(theirs.estimate))
        method = "from independent intervals"
    else:
        value, low, high = _apart(_ends(theirs.estimate), _ends(ours.estimate))
        method = "from independent intervals"
    wider = _quantile(_TAIL / max(1, comparisons)) / _quantile(_TAIL)
    return Worse(
        value=value,
        surely=value - wider * (value - low),
        high=value + wider * (high - value),
        loss=ours.loss,
        method=method if comparisons <= 1 else f"{method}, one of {comparisons} comparisons",
        theirs=theirs.estimate.value,
    )


def _apart(
    above: tuple[float, float, float], below: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return the difference of two independent values with its interval, by MOVER."""
    value = above[0] - below[0]
    down = hypot(above[0] - above[1], below[2] - below[0])
    up = hypot(above[2] - above[0], below[0] - below[1])
    return value, value - down, value + up


def _ends(found: Estimate) -> tuple[float, float, float]:
    return found.value, *found.ends


def _logs(found: Estimate) -> tuple[float, float, float]:
    value, low, high = map(log, _ends(found))
    return value, low, high


def _quantile(tail: float) -> float:
    return NormalDist().inv_cdf(1 - tail)
