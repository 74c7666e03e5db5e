"""Route questions in bulk: JSON Lines in, the same lines with who answers, and how sure that is, out.

Lines are read, routed and given back in batches, so a file of any size passes through the
memory of one batch.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from serving.plain import whole
from serving.routed import route_questions
from tasks.kernel.errors import DataError
from tasks.router_runtime.router import Router

BATCH = 256
EXPLAINED_BATCH = 16
"""Smaller, because a question is asked again without each of its words."""


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
