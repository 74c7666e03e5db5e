"""What fitting gives: a classifier as it ships, and its scores of questions that it had not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from tasks.kernel.workspace import Progress, silent
from tasks.models.sources import Model
from tasks.route.measure.labelled_questions import Questions
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.question_scores import QuestionScores, Scorer
from tasks.router_runtime.router import Router


@dataclass(frozen=True)
class HeldOutScores:
    """Questions and their scores by a classifier that was not fitted on them.

    Calibration, thresholds and choices rest on these alone, never on test questions. No question has
    a neighbour of its group on the fitted side.
    """

    questions: Questions
    scored: QuestionScores


@dataclass(frozen=True)
class UncalibratedRouter:
    """A classifier whose confidence is not calibrated yet."""

    labels: tuple[str, ...]
    scorer: Scorer
    held_out: HeldOutScores | None
    """None: the kind's own probabilities are kept, and no threshold can be set."""
    notes: Mapping[str, JsonValue] = field(default_factory=dict)
    """What fitting leaves for the reader of router.json, such as the candidates of `best`."""


@dataclass(frozen=True)
class Resources:
    """What fitting may use besides the questions."""

    encoders: Mapping[Model, Path]
    """Folders of the encoders."""
    scratch: Path
    """Checkpoints go here."""
    progress: Progress = silent

    shared: Path | None = None
    """What does not differ between parts of a composite is kept here; none: in `scratch`."""

    def inside(self, name: str) -> "Resources":
        """Return the same for a part that keeps its checkpoints apart."""
        return replace(self, scratch=self.scratch / name, shared=self.shared or self.scratch)


def constant_router(domain: str) -> Router:
    """Return a router without features: its only label has probability 1."""
    return Router((domain,), constant_scorer())


def constant_scorer() -> LinearScorer:
    """Return a classifier that gives its only label the score 0."""
    return LinearScorer((), np.zeros((1, 0)), np.zeros(1), np.zeros(0))
