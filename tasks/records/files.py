"""Records as files: JSON Lines with one record a line, and JSON that is byte-identical for equal values.

In: paths. Out: validated records. A killed writer loses at most the line that it was writing.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tasks.kernel.errors import DataError


class Record(BaseModel):
    """A frozen line of a JSON Lines file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Figures(Record):
    """What a stage measured, as a JSON file holds it.

    Other versions' files stay readable: fields that this version does not know are passed over, and those
    that an earlier one did not write have defaults.
    """

    model_config = ConfigDict(extra="ignore")


class RecordError(DataError):
    """A file of another form than this version reads; `problem` is the message without path and remedy."""

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}")
        self.file, self.problem = path.name, problem


R = TypeVar("R", bound=Record)
T = TypeVar("T")
REBUILD = "rebuild the stage that writes it"


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Write one JSON object a line, in order, durably; return the number of records."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(record.model_dump_json() + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def append_records(path: Path, records: Iterable[Record]) -> None:
    """Append records durably: the checkpoint of long stages."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(record.model_dump_json() + "\n" for record in records)
        file.flush()
        os.fsync(file.fileno())


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read every record; raise DataError with file and line where one is malformed."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; rebuild the stage that writes it") from error
    return parse_records(path, text, kind)


def parse_records(path: Path, text: str, kind: type[R]) -> list[R]:
    """Return every record in the text of `path`; raise DataError with the line that is malformed."""
    lines = enumerate(text.split("\n"), 1)
    return [_parse(path, number, line, kind) for number, line in lines if line.strip()]


def write_json(path: Path, value: object) -> None:
    """Write sorted, indented JSON: byte-identical for equal values."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path, kind: type[T], remedy: str = REBUILD) -> T:
    """Read a JSON file as `kind`, a record or a list of records.

    Raises RecordError with file, field and `remedy` where it is missing or of another form.
    """
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except OSError as error:
        raise RecordError(path, f"cannot be read ({error.strerror})", remedy) from error
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise RecordError(path, f"{field}: {problem['msg']}".removeprefix(": "), remedy) from error


def _parse(path: Path, number: int, line: str, kind: type[R]) -> R:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise DataError(f"{path}:{number}: {field}: {problem['msg']}; correct or remove this line") from error
