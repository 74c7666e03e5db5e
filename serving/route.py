"""Route questions: a router and questions in, everything there is to say of each out.

In bulk, JSON Lines come back as the same lines with who answers, and how sure that is. They are read, routed
and given back in batches, so a file of any size passes through the memory of one batch.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from serving.terminal import whole
from tasks.kernel.errors import DataError
from tasks.router_runtime.explain import Explanation, explain
from tasks.router_runtime.policy import Decision
from tasks.router_runtime.router import Router

DIGITS = 4
"""Decimal places of a probability."""
BATCH = 256
EXPLAINED_BATCH = 16
"""Smaller, because a question is asked again without each of its words."""


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


@dataclass(frozen=True)
class _Row:
    content: dict[str, object]
    question: str
    escaped: bool
    """Whether the line writes characters as escapes: its output then does too."""


def route_lines(
    lines: Iterable[str],
    router: Router,
    field: str = "question",
    source: str = "input",
    *,
    explained: bool = False,
) -> Iterator[str]:
    """Add to each JSON object what `Routed.fields` says, replacing what has these names.

    Empty lines are skipped. Raises DataError with `source` and line number at the first
    malformed line, after all lines before it have been given back.
    """
    batch: list[_Row] = []
    size = EXPLAINED_BATCH if explained else BATCH
    try:
        for number, line in _numbered(lines, source):
            if line.strip():
                batch.append(_parse(line, field, f"{source}:{number}"))
            if len(batch) == size:
                yield from _routed(batch, router, explained=explained)
                batch = []
    except DataError:
        yield from _routed(batch, router, explained=explained)
        raise
    yield from _routed(batch, router, explained=explained)


def question_lines(questions: Sequence[str], field: str) -> list[str]:
    """Return questions as the lines that `route_lines` reads."""
    return [json.dumps({field: whole(question)}, ensure_ascii=False) for question in questions]


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
                "stage": part.name,
                "says": part.label or None,
                "confidence": _rounded(part.confidence),
                "answered": part.answered,
            }
            for part in found.parts
        ],
    }


def _rounded(share: float) -> float:
    # Adding 0 turns -0.0 into 0.0.
    return round(share, DIGITS) + 0.0


def _numbered(lines: Iterable[str], source: str) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            yield number, line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: after line {number}: not UTF-8 text; save the file as UTF-8") from error


def _parse(line: str, field: str, place: str) -> _Row:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: not valid JSON ({error}); correct or remove this line") from error
    if not isinstance(content, dict):
        raise DataError(f"{place}: not a JSON object; write one object a line, with the field `{field}`")
    question = content.get(field)
    if not isinstance(question, str) or not question.strip():
        raise DataError(
            f"{place}: `{field}` is missing, empty or no text; correct the line, or name another field"
        )
    return _Row(content, question, escaped="\\u" in line)


def _routed(batch: list[_Row], router: Router, *, explained: bool) -> Iterator[str]:
    if not batch:
        return
    found = route_questions(router, [row.question for row in batch], explained=explained)
    for row, routed in zip(batch, found, strict=True):
        yield json.dumps(row.content | routed.fields(), ensure_ascii=row.escaped)
