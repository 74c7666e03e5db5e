"""What a cell of a data set says: text, nothing at all, or something that is no text.

In: a value as JSON, CSV, Parquet or the hub gives it. Out: its text, empty where a reader would see
nothing. What is no text is refused with its column, because Python's spelling of it (`nan`, `True`,
`{'from': 'human'}`) would be learned as an answer.
"""

import math
import re
import unicodedata
from datetime import date, time
from decimal import Decimal
from typing import Any

from tasks.text.encoding import BAD

_HALF = re.compile("[\ud800-\udfff]")
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffe\uffff"
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xFDD0, 0xFDF0))))
"""Fillers, variation selectors and characters that stand for none, which Unicode counts as visible."""


class RefusedError(ValueError):
    """A value that cannot be used; the reason is a sentence that names its field and what to do."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def cell_text(value: Any, field: str) -> str:
    """Return the text of the cell at `field`, without blank lines around it; empty where nothing is seen.

    Lists are joined by line breaks, and copies of one text are one. Raises RefusedError where it is no text.
    """
    match value:
        case None:
            return ""
        case str():
            return _text(value, field)
        case bool():
            problem = f"{str(value).lower()}, no text; name what it means in `label_names`"
            raise RefusedError(field, f"`{field}` is {problem}")
        case int() | date() | time():
            return str(value)
        case float() | Decimal():
            return _number(value, field)
        case bytes() | bytearray() | memoryview():
            return _decoded(bytes(value), field)
        case list():
            return _joined(value, field)
        case _:
            raise RefusedError(field, f"`{field}` is {described(value)}, no text; {_remedy(value, field)}")


def visible(text: str) -> bool:
    """Return whether a reader would see anything of `text`."""
    return any(
        character not in _BLANK and unicodedata.category(character) not in _UNSEEN for character in text
    )


def is_missing(value: Any) -> bool:
    """Return whether a value stands for none: null, or not a number."""
    return value is None or (isinstance(value, float | Decimal) and math.isnan(value))


def printable(text: str) -> str:
    """Return text that every terminal and file can take: a half of a character stands by its code."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def described(value: Any) -> str:
    """Return what a value is, in words."""
    if not isinstance(value, dict):
        return f"a value of the type {type(value).__name__}"
    keys = ", ".join(printable(str(key)) for key in list(value)[:5])
    return f"a mapping ({keys})"


def _text(value: str, field: str) -> str:
    if BAD in value:
        raise RefusedError(
            field, f"`{field}` holds bytes that are no character of the file's encoding; write them again"
        )
    if half := _HALF.search(value):
        problem = f"half of a character (U+{ord(half[0]):04X}) at position {half.start() + 1}"
        raise RefusedError(field, f"`{field}` holds {problem}; write the character in full or remove it")
    return trimmed(value.replace("\r\n", "\n")) if visible(value) else ""


def trimmed(text: str) -> str:
    """Return text without blank lines around it; the first line keeps its indent, which matters in code."""
    return re.sub(r"^\s*\n", "", text).rstrip()


def _number(value: float | Decimal, field: str) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        raise RefusedError(field, f"`{field}` is infinite, no text; correct or remove the row")
    return str(value)


def _decoded(value: bytes, field: str) -> str:
    try:
        return _text(value.decode("utf-8-sig"), field)
    except UnicodeDecodeError as error:
        raise RefusedError(
            field, f"`{field}` holds bytes that are not UTF-8; write the column as text"
        ) from error


def _joined(items: list[Any], field: str) -> str:
    if any(isinstance(item, dict) for item in items):
        first = next(item for item in items if isinstance(item, dict))
        raise RefusedError(
            field, f"`{field}` is a list whose items are {described(first)}, no text; {_remedy(first, field)}"
        )
    texts = [text for text in (cell_text(item, field) for item in items) if text]
    return texts[0] if len(set(texts)) == 1 else "\n".join(texts)


def _remedy(value: Any, field: str) -> str:
    if isinstance(value, dict) and {"from", "role"} & value.keys():
        return f"name the turn, as in `{field}.user` or `{field}.assistant`"
    if isinstance(value, dict) and value:
        return f"name one of its keys, as in `{field}.{printable(str(next(iter(value))))}`"
    return "name another column, or write it as text"
