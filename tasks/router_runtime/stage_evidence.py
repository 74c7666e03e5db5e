"""What a stage of a composite router adds: its router and questions in, calibrated evidence out.

Stages of different kinds can be put beside each other once each gives calibrated probabilities.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from tasks.router_runtime.neural import NeuralScorer
from tasks.router_runtime.question_scores import Floats, QuestionScores
from tasks.router_runtime.router import Router

_LEAST = 1e-12
"""Probabilities are kept this far from 0 and 1, so that their logarithms stay finite."""


@dataclass(frozen=True)
class StageEvidence:
    """A stage's evidence on some questions."""

    log_probabilities: Floats
    """(questions, labels)."""
    scope: Floats
    """(questions,): log-odds of being in scope; 0 where the stage has no model of it."""
    embeddings: Floats
    """(questions, width); width 0 for a stage without embeddings."""

    def at(self, rows: NDArray[np.int_]) -> Self:
        """Return the questions at `rows`."""
        return type(self)(self.log_probabilities[rows], self.scope[rows], self.embeddings[rows])

    def confident(self, threshold: float) -> NDArray[np.bool_]:
        """Tell which questions are sure enough; at threshold 1 none is, however sure."""
        sure: NDArray[np.bool_] = np.exp(self.log_probabilities.max(axis=1)) >= threshold
        return sure & (threshold < 1)


def ask_stage(stage: Router, questions: Sequence[str], *, embed: bool = False) -> StageEvidence:
    """Ask a stage; `embed`: for embeddings too, where it has them, at no further cost."""
    scorer = stage.scorer
    if not (embed and isinstance(scorer, NeuralScorer)):
        return stage_evidence(stage, scorer.score(questions))
    embeddings, scores = scorer.run(questions)
    return stage_evidence(stage, scorer.scored(embeddings, scores), embeddings)


def stage_evidence(stage: Router, scored: QuestionScores, embeddings: Floats | None = None) -> StageEvidence:
    """Return the evidence in a stage's scores."""
    probabilities = stage.calibration.probabilities(scored.scores)
    return StageEvidence(
        np.log(np.maximum(probabilities, _LEAST)),
        logit(np.clip(stage.in_scope(scored), _LEAST, 1 - _LEAST))
        if stage.scope
        else np.zeros(len(probabilities)),
        np.zeros((len(probabilities), 0)) if embeddings is None else embeddings,
    )
