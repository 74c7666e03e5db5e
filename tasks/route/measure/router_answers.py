"""Ask a router: labelled questions in, what it says of each out.

Each question is read once, however many figures are made of what was said.
"""

from dataclasses import dataclass

import numpy as np

from tasks.records.files import Record
from tasks.route.confidence.risk_curves import Right
from tasks.route.measure.labelled_questions import Questions
from tasks.router_runtime.policy import Decision, Outcome
from tasks.router_runtime.question_scores import Floats, QuestionScores
from tasks.router_runtime.router import Router


class RoutedQuestion(Record):
    """A held-out question and where it went."""

    id: str
    question: str
    domain: str
    """Where it belongs."""
    routed: str
    """The most probable domain."""
    outcome: Outcome
    """Who answers: that domain's expert, the generalist, or nobody."""
    scope: float
    """Chance of being in scope."""
    probabilities: dict[str, float]


@dataclass(frozen=True)
class RouterAnswers:
    """What a router says of labelled questions."""

    router: Router
    questions: Questions
    scored: QuestionScores
    probabilities: Floats
    decisions: list[Decision]
    right: Right
    """Whether the most probable domain is the question's own."""

    @property
    def predicted(self) -> list[str]:
        """The most probable domains."""
        return [self.router.labels[best] for best in self.probabilities.argmax(axis=1)]

    def at(self, rows: list[int]) -> "RouterAnswers":
        """Return the questions at `rows`."""
        return RouterAnswers(
            self.router,
            self.questions.at(rows),
            self.scored.at(rows),
            self.probabilities[rows],
            [self.decisions[row] for row in rows],
            self.right[rows],
        )


def ask(router: Router, questions: Questions) -> RouterAnswers:
    """Ask `router` each question once."""
    scored = router.scorer.score(questions.texts)
    shares = router.calibration.probabilities(scored.scores)
    labels = np.array(router.labels)
    right = labels[shares.argmax(axis=1)] == np.array(questions.labels)
    return RouterAnswers(router, questions, scored, shares, router.decided(scored), right)


def routed_questions(answers: RouterAnswers) -> list[RoutedQuestion]:
    """Return where each question goes, with the probability of every domain."""
    columns = (answers.questions.ids, answers.questions.texts, answers.questions.labels, answers.predicted)
    return [
        RoutedQuestion(
            id=name,
            question=text,
            domain=domain,
            routed=routed,
            outcome=decision.outcome,
            scope=round(decision.scope, 6),
            probabilities={
                label: round(float(share), 6) for label, share in zip(answers.router.labels, row, strict=True)
            },
        )
        for name, text, domain, routed, decision, row in zip(
            *columns, answers.decisions, answers.probabilities, strict=True
        )
    ]
