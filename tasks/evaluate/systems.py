"""Say which model each system asks.

In: the questions' true domains and the router's guesses. Out: model names by question.
Every (model, question) pair is then computed once, however many systems share it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from tasks.errors import DataError
from tasks.evaluate.questions import Question
from tasks.router import Router

GENERALIST = "generalist"
BASE = "base"


@dataclass(frozen=True)
class Routing:
    """What the router says of each question."""

    domains: list[str]
    confidences: list[float]
    """Probability of the domain chosen."""
    milliseconds: list[float]


def route(router: Router, questions: Sequence[Question]) -> Routing:
    """Route each question on its own, as a user's would be; the first is routed twice to warm up."""
    router.predict([question.text for question in questions[:1]])
    domains, confidences, times = [], [], []
    for question in questions:
        start = perf_counter()
        labels, probabilities = router.predict([question.text])
        times.append(1000 * (perf_counter() - start))
        domains.append(labels[0])
        confidences.append(float(np.max(probabilities)))
    return Routing(domains, confidences, times)


def expert(domain: str) -> str:
    """Return the model name of a domain's expert."""
    return f"expert/{domain}"


def assignments(questions: Sequence[Question], routing: Routing) -> dict[str, list[str]]:
    """Return for each system the model that answers each question."""
    return {
        "real": [expert(domain) for domain in routing.domains],
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
