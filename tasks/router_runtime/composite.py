"""Ask cheap routers first: questions in, the scores of the first stage that is sure of each out.

Only what a stage is unsure of reaches the next one, so that what the costly stages cost is saved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.router_runtime.policy_network import PolicyNetwork
from tasks.router_runtime.question_scores import Floats, QuestionScores
from tasks.router_runtime.router import Router
from tasks.router_runtime.stage_evidence import StageEvidence, ask_stage

AskStage = Callable[[int, NDArray[np.int_]], StageEvidence]
"""Asks a stage the questions at some rows."""


@dataclass(frozen=True)
class Handover:
    """When a stage passes a question on, and who decides at the end."""

    thresholds: tuple[float, ...]
    """For every stage but the last: it decides at this confidence or above; at 1 it never does."""
    network: PolicyNetwork | None
    """Decides in the last stage's place, from the evidence of all of them."""

    def decide(self, count: int, labels: int, ask: AskStage) -> QuestionScores:
        """Return the answering stage's log-probabilities, and which stage answered.

        A question's scores are shifted as a whole so that their energy is the stage's log-odds of being in
        scope; probabilities do not change by that, and the cascade stays as good as its stages at
        finding what is out of scope.
        """
        scores, stages = np.zeros((count, labels)), np.zeros(count, dtype=np.int_)
        left, evidence = np.arange(count), list[StageEvidence]()
        for place, threshold in enumerate((*self.thresholds, 0.0)):
            if not len(left):
                break
            evidence.append(ask(place, left))
            sure = evidence[-1].confident(threshold)
            rows = left[sure]
            scores[rows] = self._answer([one.at(np.flatnonzero(sure)) for one in evidence])
            stages[rows] = place
            evidence = [one.at(np.flatnonzero(~sure)) for one in evidence]
            left = left[~sure]
        return QuestionScores(scores, np.zeros((count, 0)), stages)

    def _answer(self, evidence: Sequence[StageEvidence]) -> Floats:
        last = len(evidence) > len(self.thresholds)
        network = self.network if last else None
        found = network.log_probabilities(evidence) if network else evidence[-1].log_probabilities
        shifted: Floats = found + evidence[-1].scope[:, None]
        return shifted


@dataclass(frozen=True)
class CascadeScorer:
    """Routers in the order of their cost."""

    labels: tuple[str, ...]
    stages: tuple[Router, ...]
    handover: Handover
    stage_names: tuple[str, ...]

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Return the scores of the stage that decides each question."""

        def ask(place: int, rows: NDArray[np.int_]) -> StageEvidence:
            embed = place == len(self.stages) - 1 and self.handover.network is not None
            return ask_stage(self.stages[place], [questions[row] for row in rows], embed=embed)

        return self.handover.decide(len(questions), len(self.labels), ask)


@dataclass(frozen=True)
class HierarchyScorer:
    """A router to groups, and one inside each group."""

    labels: tuple[str, ...]
    coarse: Router
    fine: tuple[Router, ...]
    """In the order of the coarse router's labels."""

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Both levels answer every question: there is one stage."""
        return ("",)

    def score(self, questions: Sequence[str]) -> QuestionScores:
        """Return log-probabilities, shifted so that their energy is the log-odds of being in scope."""
        return self.multiply(
            ask_stage(self.coarse, questions), [ask_stage(one, questions) for one in self.fine]
        )

    def multiply(self, coarse: StageEvidence, fine: Sequence[StageEvidence]) -> QuestionScores:
        """Return the scores that both levels make together."""
        columns = {label: column for column, label in enumerate(self.labels)}
        scores = np.zeros((len(coarse.scope), len(self.labels)))
        for group, (router, evidence) in enumerate(zip(self.fine, fine, strict=True)):
            into = [columns[label] for label in router.labels]
            scores[:, into] = coarse.log_probabilities[:, [group]] + evidence.log_probabilities
        return QuestionScores.of(scores + coarse.scope[:, None])
