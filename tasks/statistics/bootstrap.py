"""Say how sure a number is.

In: per-question values. Out: estimates with percentile bootstrap intervals over questions
(Efron & Tibshirani, 1993). Two models are compared on the same
resamples, because questions differ far more in difficulty than models do in skill.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    """Draws the same resamples for every statistic over equally many questions."""

    samples: int
    confidence: float
    seed: int

    def mean(self, values: Sequence[float]) -> Estimate:
        """Return the mean of the values."""
        array = np.asarray(values, dtype=np.float64)
        return self._estimate(float(array.mean()), array[self._draws(len(array))].mean(axis=1))

    def statistic(self, rows: Floats, of: Statistic) -> Estimate:
        """Return a statistic of the sum of the rows, one row a question."""
        return self._estimate(float(of(rows.sum(axis=0))), of(self._sums(rows)))

    def statistic_difference(self, ours: Floats, theirs: Floats, of: Statistic) -> Estimate:
        """Return our statistic minus theirs on the same questions."""
        value = float(of(ours.sum(axis=0)) - of(theirs.sum(axis=0)))
        return self._estimate(value, of(self._sums(ours)) - of(self._sums(theirs)))

    def perplexity(self, losses: Sequence[Loss]) -> Estimate:
        """Return the token-weighted perplexity of the answers."""
        return self._estimate(perplexity(losses), self._perplexities(losses))

    def perplexity_ratio(self, ours: Sequence[Loss], theirs: Sequence[Loss]) -> Estimate:
        """Return our perplexity over theirs on the same questions; below 1 ours is better."""
        resampled = self._perplexities(ours) / self._perplexities(theirs)
        return self._estimate(perplexity(ours) / perplexity(theirs), resampled)

    def perplexity_difference(self, ours: Sequence[Loss], theirs: Sequence[Loss]) -> Estimate:
        """Return our perplexity minus theirs on the same questions; below 0 ours is better."""
        resampled = self._perplexities(ours) - self._perplexities(theirs)
        return self._estimate(perplexity(ours) - perplexity(theirs), resampled)

    def _perplexities(self, losses: Sequence[Loss]) -> Floats:
        draws = self._draws(len(losses))
        nats = np.array([loss.nats for loss in losses])[draws].sum(axis=1)
        tokens = np.array([loss.tokens for loss in losses])[draws].sum(axis=1)
        return np.asarray(np.exp(nats / tokens), dtype=np.float64)

    def _sums(self, rows: Floats) -> Floats:
        count = len(rows)
        weights = np.stack([np.bincount(draw, minlength=count) for draw in self._draws(count)])
        return np.asarray(np.tensordot(weights, rows, axes=1), dtype=np.float64)

    def _draws(self, count: int) -> NDArray[np.int64]:
        return np.random.default_rng(self.seed).integers(count, size=(self.samples, count))

    def _estimate(self, value: float, resampled: Floats) -> Estimate:
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(resampled, [tail, 1 - tail])
        return Estimate(value=value, low=float(low), high=float(high))


def perplexity(losses: Sequence[Loss]) -> float:
    """Return exp of the mean loss a token over all answers."""
    return float(np.exp(sum(loss.nats for loss in losses) / sum(loss.tokens for loss in losses)))


def verdict(ratio: Estimate, ours: str, theirs: str) -> str:
    """Put a perplexity ratio into plain words; nothing below ROUNDING is called a difference."""
    low, high = ratio.ends
    if high < 1 - ROUNDING:
        return f"{ours} better"
    return f"{theirs} better" if low > 1 + ROUNDING else NOISE
