"""The two record kinds that stages exchange, and their JSON Lines files.

In: folders. Out: validated records. One line is one record, so that a killed writer
loses at most the line it was writing.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.errors import DataError

SPLITS: tuple["Split", ...] = ("train", "validation", "test")
Split = Literal["train", "validation", "test"]
QuestionType = Literal["factual", "how", "why", "scenario", "follow_up"]


class Record(BaseModel):
    """A frozen line of a JSON Lines file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Passage(Record):
    """A piece of a document that respects sentences."""

    id: str
    """`<document digest, 8 hex>-<running number>`."""
    document: str
    """The document's path relative to the library folder."""
    document_digest: str
    heading: str = ""
    pages: tuple[int, int]
    """First and last page of the passage's own part, counted from 1; 1 and 1 in sources without pages."""
    text: str
    overlap_chars: int = Field(default=0, ge=0)
    """Length of the beginning of `text` that repeats the end of the passage before, for context.

    Only `own` may be asked about: a sentence of the repeated part belongs to the passage before, and a
    question about it here could stand in training while the same one stands in the test.
    """

    @property
    def own(self) -> str:
        """Return the part of the text that is in no other passage: what questions are asked about."""
        return self.text[self.overlap_chars :].lstrip()


class Example(Record):
    """One training record: a question and its reference answer."""

    id: str
    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    passage: str = ""
    """Id of the passage that grounds the answer; empty for ready-made data sets."""
    document: str = ""
    pages: tuple[int, int] | None = None
    teacher: str
    """Who wrote the pair: a teacher's name, `dataset`, or `<teacher>, edited`."""
    question_type: QuestionType | None = None
    """None for ready-made data sets."""
    split: Split | None = None
    """A split fixed by a ready-made data set; otherwise none until the split is drawn."""


R = TypeVar("R", bound=Record)


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
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; rebuild the stage that writes it") from error
    return [_parse(path, number, line, kind) for number, line in enumerate(lines, 1) if line.strip()]


def write_json(path: Path, value: object) -> None:
    """Write sorted, indented JSON: byte-identical for equal values."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _parse(path: Path, number: int, line: str, kind: type[R]) -> R:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise DataError(f"{path}:{number}: {field}: {problem['msg']}; correct or remove this line") from error
