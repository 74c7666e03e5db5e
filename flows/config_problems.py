"""What is wrong with a configuration: one line for each field, with its place and what to do.

In: what validation found, and where each field was written. Out: lines such as
`a.yaml:6: finetune.num_epoch: no such field; correct the spelling or remove it`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from flows.yaml_files import place
from flows.yaml_scalars import read_as
from flows.yaml_values import FieldPath, Places

_KEY = "[key]"
_TEXTS = ("string_type", "path_type", "literal_error")
"""What validation says where a text is asked for, and something else was read."""


class SliceError(ValueError):
    """A domain's own fields that do not make a valid slice."""

    def __init__(self, path: FieldPath, error: ValidationError) -> None:
        first = error.errors()[0]
        super().__init__(f"{'.'.join([*path, *map(str, first['loc'])])}: {_message(first, '')}")
        self.path = path
        self.error = error


class FieldError(ValueError):
    """A field that is wrong for a reason which only the whole configuration knows."""

    def __init__(self, path: FieldPath, message: str) -> None:
        super().__init__(message)
        self.path = path


def problems(error: ValidationError, places: Places) -> list[str]:
    """Return a line for each problem, with the place of its field and what to do."""
    return [_line(path, problem, places) for path, problem in _flat(error, ())]


def _flat(error: ValidationError, around: FieldPath) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """Yield each problem and its field, those within a domain's own slices as well."""
    for problem in error.errors():
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, SliceError):
            yield from _flat(cause.error, cause.path)
            continue
        own = cause.path if isinstance(cause, FieldError) else problem["loc"]
        yield (*around, *(str(part) for part in own)), problem


def _line(path: FieldPath, problem: Mapping[str, Any], places: Places) -> str:
    found = place(places, tuple(part for part in path if part != _KEY))
    if _KEY in path or problem["type"] == "invalid_key":
        around = ".".join(path[:-2] if _KEY in path else path[:-1])
        return f"{found.where}: {around}: `{problem['input']}` as a name: put it in quotes"
    return f"{found.where}: {'.'.join(path) or 'configuration'}: {_message(problem, found.written)}"


def _message(problem: Mapping[str, Any], written: str) -> str:
    value = problem["input"]
    if problem["type"] == "extra_forbidden":
        return "no such field; correct the spelling or remove it"
    if problem["type"] in _TEXTS and isinstance(value, bool | int | float):
        shown = f"`{written}`" if written else repr(value)
        return f"{shown} is read as {read_as(value)}; if it is meant as text, put it in quotes"
    if problem["type"] == "union_tag_invalid" and problem["ctx"]["tag"] in ("True", "False"):
        field = problem["ctx"]["discriminator"]
        return f"{field} is read as yes or no; if it is meant as text, put it in quotes"
    if value is None and problem["type"] != "value_error":
        return "nothing stands here; write its value, or remove the line"
    return str(problem["msg"].removeprefix("Value error, "))
