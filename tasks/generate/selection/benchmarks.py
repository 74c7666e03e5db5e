"""Read the texts of a benchmark that must stay out of training.

In: a JSON Lines, JSON or text file, or a folder of such. Out: texts, each with its file and line (its record
in a JSON file). In records, fields that hold questions or answers count, wherever they are nested; the
passages that belong to them do not, because a domain's documents may rightly quote those.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from tasks.kernel.errors import DataError
from tasks.kernel.user_files import shown, user_files

_FIELD_LIST = (
    "question questions prompt text input instruction query problem goal sentence utterance answer answers"
    " final_answer long_answer output response target completion solution canonical_solution"
)
_FIELDS = frozenset(_FIELD_LIST.split())


class BenchmarkText(NamedTuple):
    """One text, and where it stands."""

    place: str
    """`<file>:<line>`, the line counted from 1."""
    text: str


def read_benchmark(path: Path, name: str) -> list[BenchmarkText]:
    """Return the texts at `path`; raise DataError with the field and line that cannot be read."""
    entries = [entry for entry in user_files(path) if not entry.same_as]
    if lost := [f"{entry.path}: {entry.problem}" for entry in entries if entry.problem]:
        raise DataError("\n".join(f"benchmarks.{name}: {shown(one)}" for one in lost))
    files = [entry.path for entry in entries]
    texts = [text for file in files for text in _read(file, name)]
    if not texts:
        raise DataError(
            f"benchmarks.{name}: {path} holds no text; give JSON Lines or JSON with one of the fields"
            f" {', '.join(sorted(_FIELDS))}, or a text file with one text a line"
        )
    return texts


def _read(file: Path, name: str) -> Iterator[BenchmarkText]:
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"benchmarks.{name}: {shown(str(file))} cannot be read as UTF-8 text ({error}); give a JSON"
            " Lines, JSON or text file"
        ) from error
    lines = [(number, line) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    suffix = file.suffix.lower()
    if suffix in {".jsonl", ".ndjson"}:
        records = [(number, _parsed(line, f"benchmarks.{name}: {file}:{number}")) for number, line in lines]
    elif suffix == ".json":
        records = list(enumerate(_rows(_parsed(content, f"benchmarks.{name}: {file}")), 1))
    else:
        yield from (BenchmarkText(f"{shown(file.name)}:{number}", line) for number, line in lines)
        return
    for number, record in records:
        yield from (
            BenchmarkText(f"{shown(file.name)}:{number}", text) for text in _texts(record, wanted=False)
        )


def _parsed(text: str, place: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}: no JSON ({error}); correct or remove it") from error
    return value


def _rows(value: JsonValue) -> list[JsonValue]:
    """Return the records of a JSON file: a list, a list under some key, or an object of records."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        lists = [
            part for part in value.values() if isinstance(part, list) and part and isinstance(part[0], dict)
        ]
        nested = all(isinstance(part, dict) for part in value.values())
        return lists[0] if lists else list(value.values()) if nested else [value]
    return [value]


def _texts(value: JsonValue, *, wanted: bool) -> Iterator[str]:
    """Yield the strings of a record in fields that hold questions or answers; a bare string is one."""
    if isinstance(value, str) and wanted:
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, wanted=wanted or isinstance(part, str))
    elif isinstance(value, dict):
        for key, part in value.items():
            inside = key.lower() in _FIELDS
            if inside or not isinstance(part, str):
                yield from _texts(part, wanted=inside)
