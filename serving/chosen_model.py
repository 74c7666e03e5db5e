"""Who answers a question and why: a router's decision in, the one to ask and a line for the user out.

The phone has no generalist. Where one is wanted and none is there, an expert answers what is in scope, and
what is not is refused: an expert's answer beyond its subject would be the worst of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.router_runtime.policy import Decision, Outcome, Policy

GENERALIST = "generalist"
"""The generalist's name where experts go by their domain; no domain may have it."""


@dataclass(frozen=True)
class ChosenModel:
    """Who answers one question."""

    name: str | None
    """A domain or `generalist`; none: the question is refused."""
    line: str
    """Who and why, as the user reads it."""


def answerer(decision: Decision, policy: Policy, *, generalist: bool) -> ChosenModel:
    """Return who answers; `generalist`: whether there is one to ask."""
    outcome, note = decision.outcome, ""
    if outcome == GENERALIST and not generalist:
        outcome = "expert" if _in_scope(decision, policy) else "refused"
        note = ", and there is no generalist here"
    reason = _reason(decision, policy, outcome) + note
    match outcome:
        case "expert":
            return ChosenModel(decision.label, f"[{_expert(decision)}{reason and f': {reason}'}]")
        case "generalist":
            return ChosenModel(GENERALIST, f"[{GENERALIST}: {reason}]")
        case "refused":
            return ChosenModel(None, f"[refused: {reason}]")


def wants_generalist(policy: Policy) -> bool:
    """Tell whether any question could go to the generalist."""
    unsure = policy.min_confidence > 0 and policy.unsure == GENERALIST
    return unsure or (policy.min_scope > 0 and policy.out_of_scope == GENERALIST)


def refusal(policy: Policy, labels: Sequence[str]) -> str:
    """Return what a refused user reads."""
    *most, last = labels
    return policy.refusal.replace("{domains}", f"{', '.join(most)} and {last}" if most else last)


def _expert(decision: Decision) -> str:
    sure = f"{decision.label} {decision.confidence:.0%}"
    if len(decision.experts) == 1:
        return sure
    weights = ", ".join(f"{domain} {weight:.2f}" for domain, weight in decision.experts)
    return f"{sure}; weights {weights}"


def _reason(decision: Decision, policy: Policy, outcome: Outcome) -> str:
    if not _in_scope(decision, policy):
        return "out of scope"
    if decision.confidence >= policy.min_confidence:
        return ""
    return "unsure" if outcome == "expert" else f"unsure, {decision.label} {decision.confidence:.0%}"


def _in_scope(decision: Decision, policy: Policy) -> bool:
    return decision.scope >= policy.min_scope
