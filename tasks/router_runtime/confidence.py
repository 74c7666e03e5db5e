"""Honest confidence: scores in, probabilities and the chance of being in scope out.

Plain numbers, fitted by `tasks.route` on questions that the classifier had not seen.
"""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import expit, softmax

from tasks.router_runtime.question_scores import Floats, QuestionScores

AHEAD = 1e-9


class Calibration(BaseModel):
    """Makes probabilities of scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Factor of the scores before the softmax: the inverse of the temperature (Guo et al. 2017)."""
    knots: tuple[tuple[float, float], ...] = ()
    """Isotonic regression (Zadrozny and Elkan 2002): probability of the best label before and after, rising;
    linear between. None: the softmax stays as it is."""

    @model_validator(mode="after")
    def rising(self) -> "Calibration":
        """Refuse knots out of order or outside 0 to 1."""
        before, after = ([knot[side] for knot in self.knots] for side in (0, 1))
        if sorted(before) != before or sorted(after) != after:
            raise ValueError("knots: write them in rising order")
        if self.knots and not (before[0] >= 0 and before[-1] <= 1 and after[0] >= 0 and after[-1] <= 1):
            raise ValueError("knots: probabilities lie between 0 and 1")
        return self

    def probabilities(self, scores: Floats) -> Floats:
        """Return probabilities (questions, labels); the best label stays the best."""
        scaled = self.scale * scores
        shares: Floats = softmax(scaled, axis=1)
        if not self.knots or shares.shape[1] == 1:
            return shares
        before, after = np.transpose(self.knots)
        rows, best = np.arange(len(shares)), shares.argmax(axis=1)
        others = scaled.copy()
        others[rows, best] = -np.inf
        spread: Floats = softmax(others, axis=1)
        # Below this, the second label would become the best.
        second = spread.max(axis=1)
        least = second / (1 + second) + AHEAD
        wanted = np.maximum(np.interp(shares[rows, best], before, after), least)
        spread *= (1 - wanted)[:, None]
        spread[rows, best] = wanted
        return spread


class ScopeModel(BaseModel):
    """How likely a question belongs to any label: a logistic model of the signs of its calibrated scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: tuple[float, ...] = Field(min_length=1)
    deviation: tuple[float, ...]
    """Of each sign, over questions in scope."""
    weights: tuple[float, ...]
    """Of the standardised signs."""
    intercept: float = 0.0
    learned_from: str = "in-scope questions"
    """What told it: in-scope questions alone, or out-of-scope examples too."""

    @model_validator(mode="after")
    def same_lengths(self) -> "ScopeModel":
        """Refuse numbers for different signs."""
        if not len(self.mean) == len(self.deviation) == len(self.weights):
            raise ValueError("mean, deviation and weights differ in length")
        if min(self.deviation) <= 0:
            raise ValueError("deviation: give numbers above 0")
        return self

    def in_scope(self, scored: QuestionScores) -> Floats:
        """Return the chance of each question; raise ValueError where signs are missing.

        Signs that held-out questions did not have when the model was learned come last and are left out.
        """
        signs = scored.all_signs()[:, : len(self.mean)]
        if signs.shape[1] != len(self.mean):
            raise ValueError(f"{signs.shape[1]} signs, but the scope model knows {len(self.mean)}")
        chances: Floats = expit(
            (signs - self.mean) / self.deviation @ np.array(self.weights) + self.intercept
        )
        return chances
