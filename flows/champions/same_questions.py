"""Compare two evaluations on the same questions: their folders in, ratios of perplexity out.

Each answer is listed with its loss. A model is compared only where both evaluations scored the same
answers with the same tokens: anything less would be another exam.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tasks.records.estimate import Estimate
from tasks.records.evaluation import Answer, read_answers
from tasks.statistics.bootstrap import Bootstrap, Loss

_BOOTSTRAP = Bootstrap(samples=2000, confidence=0.95, seed=42)
SYSTEM = "system"

Losses = dict[str, dict[tuple[str, str], Loss]]


def paired_ratios(ours: Path, theirs: Path) -> dict[str, Estimate]:
    """Return our perplexity over theirs for `expert/<domain>`, `edge/<domain>` and `system`.

    Raises DataError where an evaluation's answers cannot be read.
    """
    left, right = losses(ours), losses(theirs)
    return {name: _ratio(left[name], right[name]) for name in left if _same(left[name], right.get(name, {}))}


def losses(evaluation: Path) -> Losses:
    """Return the losses of experts and bundles on their own domain's questions, and the routed system's."""
    found: Losses = {}
    for answer in read_answers(evaluation):
        if answer.nats is None or answer.tokens is None or answer.yardstick != "transfer":
            continue
        for name in _examinees(answer):
            found.setdefault(name, {})[answer.question, answer.reference] = Loss(answer.nats, answer.tokens)
    return found


def _examinees(answer: Answer) -> Iterator[str]:
    if answer.model in {f"expert/{answer.domain}", f"edge/{answer.domain}"}:
        yield answer.model
    if "real" in answer.systems:
        yield SYSTEM


def _same(ours: Mapping[tuple[str, str], Loss], theirs: Mapping[tuple[str, str], Loss]) -> bool:
    return ours.keys() == theirs.keys() and all(
        ours[question].tokens == theirs[question].tokens for question in ours
    )


def _ratio(ours: Mapping[tuple[str, str], Loss], theirs: Mapping[tuple[str, str], Loss]) -> Estimate:
    return _BOOTSTRAP.perplexity_ratio([*ours.values()], [theirs[question] for question in ours])
