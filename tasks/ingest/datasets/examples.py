"""Make training examples of a data set's rows.

In: rows and the mapping from the config. Out: examples without empty or repeated ones, and
the counts of what was left out and why. The id is the digest of question and answer, so
that it survives another order of rows.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from string import Formatter
from typing import Any

from tasks.ingest.config import DatasetMapping
from tasks.ingest.datasets.rows import Row, Rows
from tasks.kernel.errors import DocumentError
from tasks.records.dataset import Example, Split

BLOCK_TAGS = re.compile(r"p|br|div|li|[uo]l|tr|table|pre|blockquote|h[1-6]")


class _MissingError(LookupError):
    """A column that a row does not have."""


def map_rows(tables: Sequence[Rows], mapping: DatasetMapping) -> tuple[list[Example], dict[str, int]]:
    """Return the examples of a data set and how many rows were read, used and left out.

    Raises DocumentError where a column or split is missing, or no row is usable.
    """
    counts: Counter[str] = Counter(rows=0, examples=0, empty=0, repeated=0, other_split=0, over_max_rows=0)
    examples: dict[str, Example] = {}
    taken: Counter[Split | None] = Counter()
    for place, row, split_name in _places(tables):
        counts["rows"] += 1
        example, reason = _example(place, row, split_name, mapping)
        if example is None:
            counts[reason] += 1
        elif example.id in examples:
            counts["repeated"] += 1
        elif mapping.max_rows is not None and taken[example.split] >= mapping.max_rows:
            counts["over_max_rows"] += 1
        else:
            examples[example.id] = example
            taken[example.split] += 1
    counts["examples"] = len(examples)
    if not examples:
        sources = ", ".join(table.source for table in tables) or str(mapping.hub)
        raise DocumentError(
            f"{sources}: no usable row ({_summary(counts)}); check `question`, `answer` and `splits`"
        )
    return list(examples.values()), dict(counts)


def _places(tables: Sequence[Rows]) -> Iterator[tuple[str, Row, str]]:
    for table in tables:
        for number, row in table.rows:
            place = f"{table.source}:{number}" if table.unit == "line" else f"{table.source}, row {number}"
            yield place, row, table.split


def _summary(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if name != "examples")


def _example(place: str, row: Row, split_name: str, mapping: DatasetMapping) -> tuple[Example | None, str]:
    try:
        split: Split | None = None
        if mapping.splits is not None:
            name = str(_value(row, mapping.split_column)) if mapping.split_column else split_name
            if name not in mapping.splits:
                return None, "other_split"
            split = mapping.splits[name]
        prepared = _prepared(place, row, mapping)
        question, answer = (fill(template, prepared) for template in (mapping.question, mapping.answer))
    except _MissingError as error:
        columns = ", ".join(sorted(row))
        raise DocumentError(f"{place}: no column {error}; available: {columns}") from error
    if not question.strip() or not answer.strip():
        return None, "empty"
    digest = hashlib.sha256(f"{question}\0{answer}".encode()).hexdigest()
    return Example(id=digest[:12], question=question, answer=answer, teacher="dataset", split=split), ""


def _prepared(place: str, row: Row, mapping: DatasetMapping) -> Row:
    """Return the row with its labels named, its best items picked and its HTML made plain."""
    changed = dict(row)
    for column, key in mapping.best.items():
        items = _value(row, column) or [{}]
        changed[column] = max(items, key=lambda item: item.get(key) or 0)
    for column, names in mapping.label_names.items():
        value = str(_value(row, column))
        if value not in names:
            raise DocumentError(f"{place}: {column} {value!r} has no name; add it to `label_names`")
        changed[column] = names[value]
    return {name: _plain(value) for name, value in changed.items()} if mapping.html else changed


def fill(template: str, row: Row) -> str:
    """Return a template with the row's columns in place of their names; an empty column leaves no gap."""
    if "{" not in template and "}" not in template:
        return _shown(_value(row, template))
    text = ""
    for literal, name, _, _ in Formatter().parse(template):
        text += literal
        if name is not None:
            value = _shown(_value(row, name))
            text = text + value if value else text.rstrip("\n")
    return _trimmed(text)


def _value(row: Row, path: str) -> Any:
    """Return the value at a column, or at a dotted path into it."""
    if path in row:
        return row[path]
    value: Any = row
    for step in path.split("."):
        if isinstance(value, dict) and (step in value or not value):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        elif value is None:
            return None
        else:
            raise _MissingError(f"`{path}`")
    return value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, map(_shown, value)))
    return _trimmed(str(value).replace("\r\n", "\n"))


def _trimmed(text: str) -> str:
    """Return text without blank lines around it; the first line keeps its indent, which matters in code."""
    return re.sub(r"^\s*\n", "", text).rstrip()


def _plain(value: Any) -> Any:
    match value:
        case str():
            parser = _Text()
            parser.feed(value)
            parser.close()
            return parser.text()
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value


class _Text(HTMLParser):
    """Collects the text of an HTML fragment, one line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._break(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def text(self) -> str:
        lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(self.parts).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def _break(self, tag: str) -> None:
        if BLOCK_TAGS.fullmatch(tag):
            self.parts.append("\n")
