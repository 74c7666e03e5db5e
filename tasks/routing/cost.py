"""What asking a router costs: a router and questions in, who answered and how long each question took out.

Questions are asked one at a time, as users ask; the time is measured, so no two accounts are the same.
"""

import time
from collections.abc import Sequence

import numpy as np

from tasks.records import Record
from tasks.routing.router import Router

_WARM_UP = 3


class StageCost(Record):
    """One stage of a cascade, or the only one of another router."""

    name: str
    questions: int
    """That it answered."""
    share: float
    """Of all questions."""
    mean_ms: float
    """For a question that it answered, with the stages before; 0 where it answered none."""


class CostAccount(Record):
    """Who answered, and what that cost."""

    stages: list[StageCost]
    mean_ms: float
    """For a question, whoever answered: the stages' shares times their times add up to it."""


def cost_account(router: Router, questions: Sequence[str]) -> CostAccount:
    """Return the account of at least one question; raise ValueError without any."""
    if not questions:
        raise ValueError("questions: give at least one")
    for question in questions[:_WARM_UP]:
        router.decide([question])
    asked = [_ask(router, question) for question in questions]
    answered, seconds = (np.array(column) for column in zip(*asked, strict=True))
    names = router.scorer.stage_names
    counts = np.bincount(answered, minlength=len(names))
    totals = 1000 * np.bincount(answered, seconds, minlength=len(names))
    stages = [
        StageCost(
            name=name,
            questions=int(count),
            share=float(count / len(asked)),
            mean_ms=float(total / max(1, count)),
        )
        for name, count, total in zip(names, counts, totals, strict=True)
    ]
    return CostAccount(stages=stages, mean_ms=float(totals.sum() / len(asked)))


def _ask(router: Router, question: str) -> tuple[int, float]:
    started = time.perf_counter()
    scored = router.scorer.score([question])
    router.decided(scored)
    return int(scored.stages[0]), time.perf_counter() - started
