"""Make training examples of a data set's rows.

In: rows and the mapping from the config. Out: examples without empty or repeated ones, the counts of what
was left out and why, and every refused row with its place, field and reason. The id is the digest of
question and answer, so that it survives another order of rows.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.ingest.config import DatasetMapping
from tasks.ingest.datasets.cells import RefusedError, cell_text, is_missing
from tasks.ingest.datasets.chats import require_exchange, unused_turns
from tasks.ingest.datasets.columns import chats_at, fill, turns_at, value_at
from tasks.ingest.datasets.html_text import plain
from tasks.ingest.datasets.rows import Row, Rows
from tasks.kernel.errors import DocumentError
from tasks.records.dataset import Example, Split
from tasks.records.refused import RefusedRow

_TOLD = 3
"""Refused rows that a message tells one by one."""
_LEFT_OUT = ("empty", "repeated", "other_split", "over_max_rows")


@dataclass
class Mapped:
    """What became of the rows of a data set."""

    examples: dict[str, Example] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(("rows", *_LEFT_OUT), 0)))
    """Rows read and left out, by reason; and turns of conversations that no example is made of."""
    refused: list[RefusedRow] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """The first refused rows, each as a message tells it."""
    taken: Counter[Split | None] = field(default_factory=Counter)

    def refuse(self, table: Rows, number: int, error: RefusedError) -> None:
        """Note a row that cannot be used."""
        self.counts["refused"] += 1
        place = {"file": table.name or table.source, table.unit: number}
        self.refused.append(RefusedRow(**place, field=error.field, reason=error.reason))
        if len(self.told) < _TOLD:
            self.told.append(f"{table.place(number)}: {error.reason}")

    def summary(self) -> dict[str, int]:
        """Return the counts, with that of the examples."""
        return {**self.counts, "examples": len(self.examples)}


def map_rows(tables: Sequence[Rows], mapping: DatasetMapping) -> Mapped:
    """Return the examples of a data set and an account of its rows.

    Raises DocumentError where more rows are refused than the mapping allows, or none is usable.
    """
    mapped = Mapped()
    for table in tables:
        for number, row in table.rows:
            mapped.counts["rows"] += 1
            try:
                _take(mapped, _example(row, table.split, mapping), mapping)
            except RefusedError as error:
                mapped.refuse(table, number, error)
            except RecursionError:
                mapped.refuse(table, number, RefusedError("", "nested too deep; remove the row"))
    _require_usable(mapped, tables, mapping)
    return mapped


def _take(mapped: Mapped, found: tuple[Example | None, str, int], mapping: DatasetMapping) -> None:
    example, reason, unused = found
    if example is None:
        mapped.counts[reason] += 1
    elif example.id in mapped.examples:
        mapped.counts["repeated"] += 1
    elif mapping.max_rows is not None and mapped.taken[example.split] >= mapping.max_rows:
        mapped.counts["over_max_rows"] += 1
    else:
        mapped.examples[example.id] = example
        mapped.taken[example.split] += 1
        if unused:
            mapped.counts["turns_left_out"] += unused


def _require_usable(mapped: Mapped, tables: Sequence[Rows], mapping: DatasetMapping) -> None:
    counts = mapped.counts
    sources = ", ".join(table.source for table in tables) or str(mapping.hub)
    if counts["refused"] > mapping.max_refused * (counts["rows"] - counts["other_split"]):
        more = counts["refused"] - len(mapped.told)
        told = "; ".join(mapped.told) + (f"; and {more} more" if more else "")
        raise DocumentError(
            f"{told} ({counts['refused']} of {counts['rows']} rows are refused, more than"
            f" `dataset.max_refused` {mapping.max_refused:g} allows)"
        )
    if not mapped.examples:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DocumentError(f"{sources}: no usable row ({listed}); check `question`, `answer` and `splits`")


def _example(
    row: Row | RefusedError, split_name: str, mapping: DatasetMapping
) -> tuple[Example | None, str, int]:
    """Return a row's example, or why it has none, and how many turns of a conversation it leaves out."""
    if isinstance(row, RefusedError):
        raise row
    split: Split | None = None
    if mapping.splits is not None:
        name = _name(value_at(row, mapping.split_column)) if mapping.split_column else split_name
        if name not in mapping.splits:
            return None, "other_split", 0
        split = mapping.splits[name]
    prepared = _prepared(row, mapping)
    require_exchange(turns_at(prepared, mapping.question), turns_at(prepared, mapping.answer))
    question, answer = (fill(template, prepared) for template in (mapping.question, mapping.answer))
    if not question or not answer:
        return None, "empty", 0
    digest = hashlib.sha256(f"{question}\0{answer}".encode()).hexdigest()
    example = Example(
        id=digest[:12],
        question=question,
        answer=answer,
        teacher="dataset",
        split=split,
        checks={name: _check(template, row) for name, template in mapping.checks.items()},
    )
    return example, "", _unused(prepared, mapping)


def _check(template: str, row: Row) -> str:
    """Return what an answer is checked with: a mapping, as schemas are, in JSON."""
    value = None if "{" in template else value_at(row, template)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else fill(template, row)


def _unused(row: Mapping[str, Any], mapping: DatasetMapping) -> int:
    """Return how many turns of the conversations in a row are in neither question nor answer."""
    used: dict[str, set[int]] = {}
    chats: dict[str, Sequence[Any]] = {}
    for template in (mapping.question, mapping.answer):
        for path, chat, indexes in chats_at(row, template):
            used.setdefault(path, set()).update(indexes)
            chats[path] = chat
    return sum(unused_turns(chat, used[path]) for path, chat in chats.items())


def _prepared(row: Row, mapping: DatasetMapping) -> Row:
    """Return the row with its labels named, its best items picked and its HTML made plain."""
    changed = dict(row)
    for column, key in mapping.best.items():
        changed[column] = _best(value_at(row, column), column, key)
    for column, names in mapping.label_names.items():
        changed[column] = _label(value_at(row, column), column, names)
    if not mapping.html:
        return changed
    return {name: plain(value, name) for name, value in changed.items()}


def _best(items: Any, column: str, key: str) -> Any:
    """Return the item whose `key` is greatest; an item without it counts as 0."""
    if is_missing(items) or items == []:
        return {}
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RefusedError(column, f"`{column}` is no list of mappings; correct `best`, or the row")
    for item in items:
        if not isinstance(item.get(key) or 0, int | float):
            raise RefusedError(
                f"{column}.{key}", f"`{column}.{key}` is no number; correct `best`, or the row"
            )
    return max(items, key=lambda item: 0 if is_missing(item.get(key)) else item.get(key))


def _label(value: Any, column: str, names: Mapping[str, str]) -> str | None:
    """Return what a value is called; an empty cell has no name."""
    name = _name(value)
    if name in names:
        return names[name]
    if isinstance(value, bool) and str(value) in names:
        return names[str(value)]
    if is_missing(value) or (isinstance(value, str) and not cell_text(value, column)):
        return None
    raise RefusedError(column, f"{column} {name!r} has no name; add it to `label_names`")


def _name(value: Any) -> str:
    """Return a value as a configuration spells it: `true`, and `1` for the 1.0 that a gap makes of it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
