"""What every kind of classifier says of questions, before anyone makes probabilities of it.

In: questions. Out: a score for every label, and signs of whether a question belongs to any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Floats = NDArray[np.floating]
Stages = NDArray[np.int_]


@dataclass(frozen=True)
class QuestionScores:
    """Scores of some questions."""

    scores: Floats
    """(questions, labels); higher is more likely, and a softmax of them times a factor is a probability."""
    signs: Floats
    """(questions, signs): what else tells questions in scope from others; higher in scope. May be empty."""
    stages: Stages
    """(questions,): which part of a cascade answered; 0 elsewhere."""

    @classmethod
    def of(cls, scores: Floats, signs: Floats | None = None) -> "QuestionScores":
        """Return scores of a classifier that has one stage."""
        count = len(scores)
        none = np.zeros((count, 0))
        return cls(scores, none if signs is None else signs, np.zeros(count, dtype=np.int_))

    def at(self, rows: Sequence[int] | NDArray[np.int_]) -> "QuestionScores":
        """Return the questions at `rows`, in that order."""
        return QuestionScores(self.scores[rows], self.signs[rows], self.stages[rows])

    def scaled(self, factor: float) -> "QuestionScores":
        """Return the same with scores times `factor`."""
        return QuestionScores(factor * self.scores, self.signs, self.stages)

    def all_signs(self) -> Floats:
        """Return every sign of being in scope: the best score, the energy, the margin, then `signs`.

        The energy is the log-sum-exp of the scores (Liu et al. 2020). Shape (questions, 3 + signs).
        """
        if self.scores.shape[1] == 1:
            return np.column_stack([np.zeros((len(self.scores), 3)), self.signs])
        best = np.partition(self.scores, -2, axis=1)[:, -2:]
        energy = logsumexp(self.scores, axis=1)
        return np.column_stack([best[:, 1], energy, best[:, 1] - best[:, 0], self.signs])


class Scorer(Protocol):
    """A classifier as it ships, without its training library."""

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The name of each stage that may answer; one empty name where there is one stage."""

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Return scores in the order of the router's labels."""
