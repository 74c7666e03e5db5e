"""Compare two evaluations on the same questions: their folders in, ratios of perplexity out.

Each answer is listed with its loss. A model is compared only where both evaluations scored the same
answers with the same tokens: anything less would be another exam.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.champions.difference import Estimate
from tasks.evaluate.intervals import Bootstrap, Loss
from tasks.kernel.errors import DataError

_BOOTSTRAP = Bootstrap(samples=2000, confidence=0.95, seed=42)
SYSTEM = "system"

Losses = dict[str, dict[tuple[str, str], Loss]]


class Scored(BaseModel):
    """What of an answer's line a comparison needs; the stage's own type would load the models' libraries."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    domain: str
    model: str
    systems: tuple[str, ...]
    question: str
    reference: str
    nats: float | None = None
    tokens: int | None = None


def paired_ratios(ours: Path, theirs: Path) -> dict[str, Estimate]:
    """Return our perplexity over theirs for `expert/<domain>`, `edge/<domain>` and `system`.

    Raises DataError where an evaluation's answers cannot be read.
    """
    left, right = losses(ours), losses(theirs)
    return {name: _ratio(left[name], right[name]) for name in left if _same(left[name], right.get(name, {}))}


def losses(evaluation: Path) -> Losses:
    """Return the losses of experts and bundles on their own domain's questions, and the routed system's."""
    found: Losses = {}
    for answer in _answers(evaluation / "answers.jsonl"):
        if answer.nats is None or answer.tokens is None:
            continue
        for name in _examinees(answer):
            found.setdefault(name, {})[answer.question, answer.reference] = Loss(answer.nats, answer.tokens)
    return found


def _answers(path: Path) -> Iterator[Scored]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield from map(Scored.model_validate_json, lines)
    except (OSError, ValidationError) as error:
        raise DataError(f"{path}: its answers cannot be read; run the evaluation again") from error


def _examinees(answer: Scored) -> Iterator[str]:
    if answer.model in {f"expert/{answer.domain}", f"edge/{answer.domain}"}:
        yield answer.model
    if "real" in answer.systems:
        yield SYSTEM


def _same(ours: Mapping[tuple[str, str], Loss], theirs: Mapping[tuple[str, str], Loss]) -> bool:
    return ours.keys() == theirs.keys() and all(
        ours[question].tokens == theirs[question].tokens for question in ours
    )


def _ratio(ours: Mapping[tuple[str, str], Loss], theirs: Mapping[tuple[str, str], Loss]) -> Estimate:
    found = _BOOTSTRAP.perplexity_ratio([*ours.values()], [theirs[question] for question in ours])
    return Estimate(**found.json())
