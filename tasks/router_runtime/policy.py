"""Who answers: probabilities and scope in, a decision for each question out.

A question out of scope is refused or goes to the generalist; one that the router is unsure of goes to
the generalist; every other goes to its expert, or to the `top_k` most probable ones with weights.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.router_runtime.question_scores import Floats

Outcome = Literal["expert", "generalist", "refused"]
Elsewhere = Literal["expert", "generalist", "refused"]


class Policy(BaseModel):
    """The thresholds and what to do under them, saved with the router."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_confidence: float = Field(default=0.0, ge=0, le=1)
    """Below this probability of the best label the router is unsure."""
    confidence_basis: str = ""
    """What that threshold promises, and on how many questions it rests."""
    min_scope: float = Field(default=0.0, ge=0, le=1)
    """Below this chance of being in scope the question is out of scope."""
    scope_basis: str = ""
    """What that threshold promises, and on how many questions it rests."""
    unsure: Elsewhere = "generalist"
    """Who answers when the router is unsure."""
    out_of_scope: Elsewhere = "refused"
    """Who answers what is out of scope."""
    refusal: str = "I can only help with {domains}."
    """What a refused user reads; `{domains}` names what the experts know."""
    top_k: int = Field(default=1, ge=1)
    """Experts that a question goes to at most."""


@dataclass(frozen=True)
class Decision:
    """What becomes of one question."""

    outcome: Outcome
    experts: tuple[tuple[str, float], ...]
    """The most probable labels with weights that add up to 1; the first of them is the best."""
    confidence: float
    """Probability of the best label."""
    scope: float
    """Chance of being in scope."""
    stage: str = ""
    """The part of a cascade that answered; empty elsewhere."""

    @property
    def label(self) -> str:
        """The most probable label, whoever answers."""
        return self.experts[0][0]


def decide(
    policy: Policy, labels: tuple[str, ...], probabilities: Floats, scope: float, stage: str
) -> Decision:
    """Return the decision for one question; `probabilities` has one entry a label."""
    order = (-probabilities).argsort(kind="stable")[: policy.top_k]
    total = float(probabilities[order].sum())
    confidence = float(probabilities[order[0]])
    outcome: Outcome = "expert"
    if scope < policy.min_scope:
        outcome = policy.out_of_scope
    elif confidence < policy.min_confidence:
        outcome = policy.unsure
    experts = tuple((labels[place], float(probabilities[place]) / total) for place in order)
    return Decision(outcome, experts, confidence, scope, stage)
