"""Read questions that belong to no domain: a JSON Lines, JSON or text file in, texts out."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from tasks.kernel.errors import DataError
from tasks.route.measure.labelled_questions import plain

LOG = logging.getLogger(__name__)
_REMEDY = "give JSON lines with `question`, a JSON list, or a text file with one question a line"


def read_out_of_scope(path: Path, field: str) -> tuple[str, ...]:
    """Return the file's questions, each once; raise DataError with `field` and the place of a bad one."""
    place = f"out_of_scope.{field}: {path}"
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{place} cannot be read as UTF-8 text ({error}); {_REMEDY}") from error
    lines = [
        (f"{place}:{number}", line) for number, line in enumerate(content.split("\n"), 1) if line.strip()
    ]
    match path.suffix.lower():
        case ".jsonl" | ".ndjson":
            texts = [_question(_parsed(line, where), where) for where, line in lines]
        case ".json":
            texts = [_question(row, f"{place}: row {at}") for at, row in enumerate(_rows(content, place), 1)]
        case _:
            texts = [line.strip() for _, line in lines]
    if not texts:
        raise DataError(f"{place} holds no question; {_REMEDY}")
    return tuple({plain(text): text for text in texts}.values())


def without_repeated(train: Sequence[str], test: Sequence[str]) -> tuple[str, ...]:
    """Return the examples to learn from, without those that are test questions too."""
    held_out = {plain(text) for text in test}
    kept = tuple(text for text in train if plain(text) not in held_out)
    if dropped := len(train) - len(kept):
        LOG.warning("out_of_scope.train: %d questions are in out_of_scope.test too and are left out", dropped)
    return kept


def _parsed(text: str, place: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: not JSON ({error}); correct or remove it") from error
    return value


def _rows(content: str, place: str) -> list[JsonValue]:
    value = _parsed(content, place)
    if not isinstance(value, list):
        raise DataError(f"{place}: not a JSON list; {_REMEDY}")
    return value


def _question(row: JsonValue, place: str) -> str:
    text = row.get("question") if isinstance(row, dict) else row
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{place}: no text in `question`; correct or remove it")
    return text.strip()
