"""Ask a router: questions in, a domain and probabilities for each out.

A router is a classifier (`Scorer`) with calibrated confidence, a model of what is in scope, and a policy.
Nothing here needs the library that trained it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import JsonValue

from tasks.router_runtime.confidence import Calibration, ScopeModel
from tasks.router_runtime.policy import Decision, Policy, decide
from tasks.router_runtime.question_scores import Floats, QuestionScores, Scorer


@dataclass(frozen=True)
class Router:
    """A classifier of questions, with honest confidence."""

    labels: tuple[str, ...]
    scorer: Scorer
    calibration: Calibration = field(default_factory=Calibration)
    scope: ScopeModel | None = None
    """None: everything is in scope."""
    policy: Policy = field(default_factory=Policy)
    notes: Mapping[str, JsonValue] = field(default_factory=dict)
    """What its training left for the reader."""

    def predict(self, questions: Sequence[str]) -> tuple[list[str], Floats]:
        """Return each question's most probable label, and all probabilities (questions, labels)."""
        probabilities = self.calibration.probabilities(self.scorer.score(questions).scores)
        return [self.labels[best] for best in probabilities.argmax(axis=1)], probabilities

    def in_scope(self, scored: QuestionScores) -> Floats:
        """Return each question's chance of being in scope (questions,)."""
        if self.scope is None:
            return np.ones(len(scored.scores))
        # The energy tells little at the temperature that a classifier happens to have.
        return self.scope.in_scope(scored.scaled(self.calibration.scale))

    def decide(self, questions: Sequence[str]) -> list[Decision]:
        """Return who answers each question, and how sure the router is."""
        return self.decided(self.scorer.score(questions))

    def decided(self, scored: QuestionScores) -> list[Decision]:
        """Return what the policy makes of scores."""
        rows = zip(
            self.calibration.probabilities(scored.scores), self.in_scope(scored), scored.stages, strict=True
        )
        names = self.scorer.stage_names
        return [
            decide(self.policy, self.labels, shares, float(scope), names[stage])
            for shares, scope, stage in rows
        ]
