"""Set text as Markdown that shows it as it is.

In: text from documents, models and configs, which is data. Out: Markdown in which it can end neither
a line, nor a table's cell, nor a block of code.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]#!|<>~&$])")
_SHORTEST_FENCE = 3


def plain(text: str) -> str:
    """Return text on one line, without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def escaped(text: str) -> str:
    """Return text on one line that Markdown shows as it is, where it does not begin a line."""
    return _SPECIAL.sub(r"\\\1", plain(text))


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a GitHub table; numbers get thousands, everything else is escaped."""
    lines = [headers, ["---"] * len(headers), *(list(map(_cell, row)) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(value: Mapping[str, object]) -> str:
    """Return JSON in a block whose fence is longer than any run of backticks in it."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"{fence}json\n{text}\n{fence}"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else escaped(str(value))
