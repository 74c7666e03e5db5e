"""Route questions in bulk: JSON Lines in, the same lines with a domain and probabilities out.

Lines are read, routed and given back in batches, so a file of any size passes through the
memory of one batch.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tasks.errors import DataError
from tasks.router import Router

BATCH = 256
DIGITS = 4
"""Decimal places of a probability."""


@dataclass(frozen=True)
class _Row:
    content: dict[str, object]
    question: str
    escaped: bool
    """Whether the line writes characters as escapes: its output then does too."""


def route_lines(
    lines: Iterable[str], router: Router, field: str = "question", source: str = "input"
) -> Iterator[str]:
    """Add `domain` and `probabilities` to each JSON object, replacing what has these names.

    Empty lines are skipped. Raises DataError with `source` and line number at the first
    malformed line, after all lines before it have been given back.
    """
    batch: list[_Row] = []
    try:
        for number, line in _numbered(lines, source):
            if line.strip():
                batch.append(_parse(line, field, f"{source}:{number}"))
            if len(batch) == BATCH:
                yield from _routed(batch, router)
                batch = []
    except DataError:
        yield from _routed(batch, router)
        raise
    yield from _routed(batch, router)


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


def _routed(batch: list[_Row], router: Router) -> Iterator[str]:
    domains, probabilities = router.predict([row.question for row in batch])
    for row, domain, odds in zip(batch, domains, probabilities, strict=True):
        shares = {
            label: round(float(share), DIGITS) for label, share in zip(router.labels, odds, strict=True)
        }
        yield json.dumps(row.content | {"domain": domain, "probabilities": shares}, ensure_ascii=row.escaped)
