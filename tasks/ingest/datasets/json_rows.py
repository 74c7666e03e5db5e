"""Rows of JSON and JSON Lines files.

In: the text of a file. Out: each row with its place, and what is no row with the reason. A key that stands
twice is refused: Python's parser would keep the last value without a word.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from tasks.ingest.datasets.cells import RefusedError, printable
from tasks.kernel.errors import DocumentError

KEY_COLUMN = "key"
"""Where a JSON file is an object of rows: the column with their keys."""
Row = dict[str, Any]


class _Doubled(dict[str, Any]):
    """An object with a key that stands twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.key = next(name for name in names if names.count(name) > 1)


class JsonError(ValueError):
    """Text that is no JSON: what is wrong, and at which character."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.problem, self.position = problem, position


def json_lines(source: str, text: str) -> Iterator[tuple[int, Row | RefusedError]]:
    """Yield one row a line; raise DocumentError where the file is one JSON list."""
    _require_lines(source, text)
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _line(line)


def json_file(source: str, text: str) -> Iterator[tuple[int, Row | RefusedError]]:
    """Yield the rows of a list, or of an object of objects; raise DocumentError where it is neither."""
    try:
        value = _parsed(text)
    except JsonError as error:
        line = 1 + text.count("\n", 0, error.position)
        if _holds_lines(text):
            raise DocumentError(f"{source}:{line}: one JSON object a line; name it .jsonl") from error
        raise DocumentError(f"{source}:{line}: not JSON ({error.problem}); correct the file") from error
    yield from enumerate(map(_row, _rows(source, value)), 1)


def _rows(source: str, value: Any) -> list[Any]:
    if isinstance(value, _Doubled):
        raise DocumentError(
            f"{source}: the key `{printable(value.key)}` stands twice; rename or remove one of them"
        )
    if isinstance(value, dict) and value and all(isinstance(row, dict) for row in value.values()):
        return [_keyed(key, row) for key, row in value.items()]
    if isinstance(value, dict):
        tables = [rows for rows in value.values() if isinstance(rows, list)]
        value = tables[0] if len(tables) == 1 else None
    if not isinstance(value, list):
        raise DocumentError(f"{source}: no list of rows; write a list of objects, or an object of objects")
    return value


def _keyed(key: str, row: Row) -> Row:
    return row if isinstance(row, _Doubled) else {KEY_COLUMN: key, **row}


def _line(line: str) -> Row | RefusedError:
    try:
        return _row(_parsed(line))
    except JsonError as error:
        return RefusedError("", f"not JSON ({error.problem}); correct or remove this line")


def _row(value: Any) -> Row | RefusedError:
    if not isinstance(value, dict):
        return RefusedError("", "not a JSON object; correct or remove it")
    key = _doubled_key(value)
    if key is not None:
        return RefusedError(key, f"the key `{printable(key)}` stands twice; rename or remove one of them")
    return value


def _parsed(text: str) -> Any:
    """Return the value of a JSON text; raise JsonError where it is none, or of a size that nothing takes."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise JsonError(error.msg, error.pos) from error
    except RecursionError as error:
        raise JsonError("brackets nested too deep", 0) from error
    except ValueError as error:
        digits = sys.get_int_max_str_digits()
        found = re.search(rf"\d{{{digits + 1}}}", text)
        raise JsonError(f"a number of more than {digits} digits", found.start() if found else 0) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else _Doubled(pairs)


def _doubled_key(row: Row) -> str | None:
    """Return a key that stands twice, anywhere in a row."""
    waiting: list[Any] = [row]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _Doubled):
            return value.key
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
    return None


def _holds_lines(text: str) -> bool:
    """Return whether the first lines that hold anything are objects by themselves."""
    lines = [line.strip() for line in text.split("\n", 20) if line.strip()]
    first, second = lines[:1], lines[1:2]
    return bool(second) and all(line.startswith("{") and line.endswith("}") for line in first + second)


def _require_lines(source: str, text: str) -> None:
    if not text.lstrip().startswith("["):
        return
    try:
        value = _parsed(text)
    except JsonError:
        return
    if any(isinstance(row, dict) for row in value):
        raise DocumentError(f"{source}: one JSON list and no object a line; name it .json")
