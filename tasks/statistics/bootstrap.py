"""Say how sure a number is.

In: per-question values, and what the questions belong to. Out: estimates with percentile bootstrap intervals
over questions or groups of them (Efron & Tibshirani, 1993). Two models are compared on the same resamples,
because questions differ far more in difficulty than models do in skill.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from tasks.records.estimate import Estimate

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""A figure of summed counts, whose last axis goes; of each resample's sums at once."""
ROUNDING = 1e-4
"""How batching alone can move a float32 perplexity, with room to spare: 1e-7 was seen on equal models."""
NOISE = "no difference beyond the noise"


@dataclass(frozen=True)
class Loss:
    """How surprised a model is by one answer."""

    nats: float
    """Sum of the negative log likelihoods of the answer's tokens."""
    tokens: int


@dataclass(frozen=True)
class Bootstrap:
    """Draws the same resamples for every statistic over the same questions."""

    samples: int
    confidence: float
    seed: int
    groups: tuple[str, ...] = ()
    """What each question belongs to and is drawn with; none: each is drawn by itself."""

    def grouped(self, groups: Sequence[str]) -> "Bootstrap":
        """Return it for questions that come in groups, one name each: whole groups are drawn (Cameron,
        Gelbach & Miller, 2008).

        Questions on one passage are right or wrong together. Drawn one by one, they would feign certainty.
        """
        return replace(self, groups=tuple(groups))

    @property
    def fewest(self) -> int:
        """Return how many questions or groups can show a difference without assumptions.

        Under equal models all differences point one way with the chance 2 * 0.5**n (sign test). A bootstrap
        of fewer gives intervals that are far too narrow.
        """
        return ceil(1 + log2(1 / (1 - self.confidence)))

    def mean(self, values: Sequence[float]) -> Estimate:
        """Return the mean of the values."""
        return self.statistic(np.stack([np.asarray(values, np.float64), np.ones(len(values))], axis=1), _mean)

    def statistic(self, rows: Floats, of: Statistic) -> Estimate:
        """Return a statistic of the sum of the rows, one row a question."""
        return self._estimate(float(of(rows.sum(axis=0))), of(self._sums(rows)))

    def statistic_difference(self, ours: Floats, theirs: Floats, of: Statistic) -> Estimate:
        """Return our statistic minus theirs on the same questions."""
        value = float(of(ours.sum(axis=0)) - of(theirs.sum(axis=0)))
        return self._estimate(value, of(self._sums(ours)) - of(self._sums(theirs)))

    def perplexity(self, losses: Sequence[Loss]) -> Estimate:
        """Return the token-weighted perplexity of the answers."""
        return self.statistic(_rows(losses), _perplexity)

    def perplexity_ratio(self, ours: Sequence[Loss], theirs: Sequence[Loss]) -> Estimate:
        """Return our perplexity over theirs on the same questions; below 1 ours is better."""
        mine, other = _rows(ours), _rows(theirs)
        value = _perplexity(mine.sum(axis=0)) / _perplexity(other.sum(axis=0))
        return self._estimate(float(value), _perplexity(self._sums(mine)) / _perplexity(self._sums(other)))

    def perplexity_difference(self, ours: Sequence[Loss], theirs: Sequence[Loss]) -> Estimate:
        """Return our perplexity minus theirs on the same questions; below 0 ours is better."""
        return self.statistic_difference(_rows(ours), _rows(theirs), _perplexity)

    def _sums(self, rows: Floats) -> Floats:
        """Return the sums of each resample's rows."""
        if self.groups:
            rows = _summed(rows, self.groups)
        count = len(rows)
        draws = np.random.default_rng(self.seed).integers(count, size=(self.samples, count))
        weights = np.stack([np.bincount(draw, minlength=count) for draw in draws])
        return np.asarray(np.tensordot(weights, rows, axes=1), dtype=np.float64)

    def _estimate(self, value: float, resampled: Floats) -> Estimate:
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(resampled, [tail, 1 - tail])
        return Estimate(value=value, low=float(low), high=float(high))


def _summed(rows: Floats, groups: Sequence[str]) -> Floats:
    """Return one row a group, in the order of their first questions."""
    places = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    found = np.zeros((len(places), *rows.shape[1:]))
    np.add.at(found, [places[name] for name in groups], rows)
    return found


def _rows(losses: Sequence[Loss]) -> Floats:
    return np.array([(loss.nats, loss.tokens) for loss in losses], dtype=np.float64)


def _mean(sums: Floats) -> Floats:
    return np.asarray(sums[..., 0] / sums[..., 1])


def _perplexity(sums: Floats) -> Floats:
    return np.asarray(np.exp(sums[..., 0] / sums[..., 1]))


def perplexity(losses: Sequence[Loss]) -> float:
    """Return exp of the mean loss a token over all answers."""
    return float(_perplexity(_rows(losses).sum(axis=0)))


def verdict(ratio: Estimate, ours: str, theirs: str) -> str:
    """Put a perplexity ratio into plain words; nothing below ROUNDING is called a difference."""
    low, high = ratio.ends
    if high < 1 - ROUNDING:
        return f"{ours} better"
    return f"{theirs} better" if low > 1 + ROUNDING else NOISE
