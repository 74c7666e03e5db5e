"""Look up columns of a row, and fill templates with them.

In: a row and a path or template of the mapping. Out: the text there. Every way into a row goes through
`value_at`, so that a missing column is told in one way.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter
from typing import Any

from tasks.ingest.datasets.cells import RefusedError, cell_text, printable, trimmed
from tasks.ingest.datasets.chats import ROLES, Place, chat_of, exchange, role, spoken, turn_text

Row = Mapping[str, Any]


def fill(template: str, row: Row) -> str:
    """Return a template with the row's columns in place of their names; an empty column leaves no gap.

    Where all of them are empty, so is the whole: the words of a template alone are no question. Raises
    RefusedError where a column is missing or no text.
    """
    if "{" not in template and "}" not in template:
        return text_at(row, template)
    text, values = "", []
    for literal, name, _, _ in Formatter().parse(template):
        text += literal
        if name is not None:
            values.append(text_at(row, name))
            text = text + values[-1] if values[-1] else text.rstrip("\n")
    return trimmed(text) if any(values) or not values else ""


def text_at(row: Row, path: str) -> str:
    """Return the text at a column or path; raise RefusedError where it is missing or no text."""
    return cell_text(value_at(row, path), path)


def columns_of(template: str) -> list[str]:
    """Return the columns and paths that a template names."""
    if "{" not in template and "}" not in template:
        return [template]
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def value_at(row: Row, path: str) -> Any:
    """Return the value at a column, or at a dotted path into it; raise RefusedError where there is none."""
    if path in row:
        return row[path]
    value: Any = row
    for step in path.split("."):
        if step in ROLES and (chat := chat_of(value)):
            value = spoken(chat, step)
        elif isinstance(value, Mapping) and (step in value or not value):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        elif value is None or value == []:
            return None
        else:
            raise RefusedError(path, _missing(row, path))
    return turn_text(value) if isinstance(value, dict) and role(value) else value


def turns_at(row: Row, template: str) -> Iterator[Place]:
    """Yield the turns of conversations that a template names by their positions."""
    for path in columns_of(template):
        steps = path.split(".")
        for depth in range(1, 0 if path in row else len(steps)):
            chat_path = ".".join(steps[:depth])
            value = value_at(row, chat_path)
            # In columns the position comes after the column: `turns.value.0`.
            step = (steps[depth + 1 :] if isinstance(value, dict) else steps[depth:])[:1]
            chat = chat_of(value) if step and step[0].isdecimal() else None
            if chat and int(step[0]) < len(chat):
                yield Place(path, chat_path, chat, int(step[0]))


def chats_at(row: Row, template: str) -> Iterator[tuple[str, Sequence[Any], set[int]]]:
    """Yield path, turns and used positions of every conversation that a template names."""
    for place in turns_at(row, template):
        yield place.chat_path, place.chat, {place.index}
    for path in columns_of(template):
        before, _, step = path.rpartition(".")
        chat = chat_of(value_at(row, before)) if before and path not in row and step in ROLES else None
        if chat:
            start, answer = exchange(chat)
            yield before, chat, set(range(start, answer + 1))


def _missing(row: Row, path: str) -> str:
    """Return that a column is missing, with what is there; a name that differs unseen is shown in quotes."""
    alike = next((name for name in row if _bare(name) == _bare(path)), None)
    names = ", ".join(sorted(printable(name) for name in row))
    told = f"no column `{path}`; available: {names}"
    if alike is None:
        return told
    told = f"no column `{path}`, but {alike!a}, which has a space, an invisible mark or another case"
    return f"{told}; correct the name in the file"


def _bare(name: str) -> str:
    """Return a name without spaces, invisible marks and case."""
    composed = unicodedata.normalize("NFKC", name).casefold()
    return "".join(
        character
        for character in composed
        if not character.isspace() and unicodedata.category(character) not in {"Cf", "Cc"}
    )
