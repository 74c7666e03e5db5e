"""Say which model each system asks.

In: the questions' true domains and the router's decisions. Out: model names by question.
Every (model, question) pair is then computed once, however many systems share it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tasks.evaluate.measuring.questions import Question
from tasks.kernel.errors import DataError
from tasks.router_runtime.policy import Decision
from tasks.router_runtime.router import Router

GENERALIST = "generalist"
BASE = "base"


@dataclass(frozen=True)
class RouterDecisions:
    """What the router says of each question."""

    decisions: list[Decision]
    milliseconds: list[float]

    def part(self, places: Sequence[int]) -> "RouterDecisions":
        """Return what it says of some questions."""
        return RouterDecisions(
            [self.decisions[place] for place in places], [self.milliseconds[place] for place in places]
        )

    @property
    def domains(self) -> list[str]:
        """The most probable domain of each question, whoever answers."""
        return [decision.label for decision in self.decisions]

    @property
    def confidences(self) -> list[float]:
        """The probability of that domain."""
        return [decision.confidence for decision in self.decisions]


def route(router: Router, questions: Sequence[Question]) -> RouterDecisions:
    """Route each question on its own, as a user's would be; the first is routed twice to warm up."""
    router.decide([question.text for question in questions[:1]])
    decisions, times = [], []
    for question in questions:
        start = perf_counter()
        decisions += router.decide([question.text])
        times.append(1000 * (perf_counter() - start))
    return RouterDecisions(decisions, times)


def expert(domain: str) -> str:
    """Return the model name of a domain's expert."""
    return f"expert/{domain}"


def assignments(questions: Sequence[Question], routing: RouterDecisions) -> dict[str, list[str]]:
    """Return for each system the model that answers each question.

    Every held-out question belongs to some domain, so a refusal is an error; a refusal can be scored under no
    model, so the generalist stands in for it.
    """
    return {
        "real": [
            expert(decision.label) if decision.outcome == "expert" else GENERALIST
            for decision in routing.decisions
        ],
        "oracle": [expert(question.domain) for question in questions],
        "generalist": [GENERALIST] * len(questions),
    }


def positions_of(model: str, systems: Mapping[str, Sequence[str]]) -> list[int]:
    """Return the questions that any system asks `model`."""
    rows = zip(*systems.values(), strict=True)
    return [position for position, models in enumerate(rows) if model in models]


def check_domains(questions: Sequence[Question], router: Router, experts: Mapping[str, Path]) -> None:
    """Raise DataError where questions or router name a domain that has no expert."""
    for source, named in (
        ("held-out questions", {q.domain for q in questions}),
        ("router", set(router.labels)),
    ):
        missing = sorted(named - set(experts))
        if missing:
            there = ", ".join(experts) or "none"
            message = f"{source}: no merged expert for {', '.join(missing)} (there are {there})"
            raise DataError(f"{message}; evaluate the domains that the router was trained on")
