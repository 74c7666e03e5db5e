"""Everything there is to say of routed questions: a router and questions in, one record for each out.

Machines get it as JSON and people as a card, both from the same record.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.router_runtime.explain import Explanation, explain
from tasks.router_runtime.policy import Decision
from tasks.router_runtime.router import Router

DIGITS = 4
"""Decimal places of a probability."""


@dataclass(frozen=True)
class Routed:
    """One question, who answers it, and on request why."""

    question: str
    decision: Decision
    probabilities: dict[str, float]
    """By domain, in the router's order."""
    explanation: Explanation | None

    def fields(self) -> dict[str, object]:
        """Return what JSON says: `domain` is the most probable one, whoever answers."""
        decision = self.decision
        plain: dict[str, object] = {
            "domain": decision.label,
            "probabilities": {domain: _rounded(share) for domain, share in self.probabilities.items()},
            "outcome": decision.outcome,
            "experts": [{"domain": name, "weight": _rounded(weight)} for name, weight in decision.experts],
            "confidence": _rounded(decision.confidence),
            "in_scope": _rounded(decision.scope),
        }
        return plain | ({"explanation": _explained(self.explanation)} if self.explanation else {})


def route_questions(router: Router, questions: Sequence[str], *, explained: bool) -> list[Routed]:
    """Return each question's decision and probabilities; `explained`: and the reasons for them."""
    scored = router.scorer.score(questions)
    shares = router.calibration.probabilities(scored.scores).tolist()
    reasons = explain(router, questions) if explained else [None] * len(questions)
    return [
        Routed(question, decision, dict(zip(router.labels, odds, strict=True)), reason)
        for question, decision, odds, reason in zip(
            questions, router.decided(scored), shares, reasons, strict=True
        )
    ]


def _explained(found: Explanation) -> dict[str, object]:
    return {
        "words": [
            {"word": word.text, "weight": _rounded(word.weight), "scope": _rounded(word.scope)}
            for word in found.words
        ],
        "nearest": [
            {"question": one.text, "domain": one.label, "cosine": _rounded(one.cosine)}
            for one in found.nearest
        ],
        "stages": [
            {
                "stage": voice.name,
                "says": voice.label or None,
                "confidence": _rounded(voice.confidence),
                "answered": voice.answered,
            }
            for voice in found.voices
        ],
    }


def _rounded(share: float) -> float:
    # Adding 0 turns -0.0 into 0.0.
    return round(share, DIGITS) + 0.0
