"""Read and write review files: CSV for spreadsheets, JSON lines for everything else.

In and out: rows, in a file whose suffix tells its format. Text that a spreadsheet would run as a
formula, or turn into a number or a date, is written behind an apostrophe and read without it.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NoReturn, get_args

from pydantic import ValidationError, field_validator

from tasks.kernel.errors import DataError
from tasks.records.dataset import QuestionType
from tasks.records.files import Record, write_records

_BOM = "\ufeff"
_NEEDED = ("id", "question", "answer", "passage", "document", "decision", "edited_question", "edited_answer")
_HARMFUL = r"(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]|[\d(][\d\s.,:/%()\-]*\Z)"
_TO_ESCAPE = re.compile(rf"'*{_HARMFUL}")
_ESCAPED = re.compile(rf"'+{_HARMFUL}")
Decision = Literal["", "accept", "edit", "reject"]


class ReviewRow(Record):
    """A pair, what became of it, and what a person decided."""

    id: str
    question: str
    answer: str
    passage: str = ""
    """The passage's text; empty for ready-made pairs."""
    document: str = ""
    pages: str = ""
    fate: str = ""
    """`kept`, or the reason for which it was refused."""
    decision: Decision = ""
    edited_question: str = ""
    edited_answer: str = ""
    note: str = ""
    teacher: str = ""
    question_type: Literal["", QuestionType] = ""

    @field_validator("decision", mode="before")
    @classmethod
    def decision_is_known(cls, value: object) -> object:
        """Refuse any other word; capitals and spaces are forgiven."""
        word = value.strip().lower() if isinstance(value, str) else value
        if word not in get_args(Decision):
            raise ValueError(f"`{value}` is no decision; write accept, edit or reject, or leave it empty")
        return word

    @property
    def wording(self) -> tuple[str, str]:
        """Return question and answer as the review wants them."""
        return self.edited_question.strip() or self.question, self.edited_answer.strip() or self.answer

    @property
    def edited_id(self) -> str:
        """Return the identity of the pair that the review makes of it."""
        return pair_id(self.passage, *self.wording)


def read_review(path: Path) -> dict[int, ReviewRow]:
    """Return the rows with a decision by row number, as a spreadsheet or an editor counts them.

    Raises DataError with row and column where a row says nothing, or two things.
    """
    found: dict[int, ReviewRow] = {}
    first: dict[str, int] = {}
    for number, cells in _cells(path):
        row = parse_row(path, number, cells)
        if not row.decision:
            continue
        if row.id in first:
            refuse_cell(path, number, "id", f"the same pair as in row {first[row.id]}; keep one of the two")
        first[row.id] = number
        found[number] = row
    return found


def write_review(path: Path, rows: Iterable[ReviewRow], *, bom: bool = False) -> int:
    """Write the rows and return their number; `bom` marks CSV as UTF-8 for spreadsheets that ask for it."""
    if _format(path) == "jsonl":
        return write_records(path, rows)
    lines = [[_escape(str(value)) for value in row.model_dump().values()] for row in rows]
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    return len(lines)


def _format(path: Path) -> Literal["csv", "jsonl"]:
    match path.suffix.lower():
        case ".csv":
            return "csv"
        case ".jsonl":
            return "jsonl"
        case _:
            raise DataError(f"{path}: a review file is CSV or JSON lines; let its name end in .csv or .jsonl")


def _cells(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Give each row that is not empty with its number."""
    read = _csv_cells if _format(path) == "csv" else _json_cells
    try:
        text = path.read_bytes().decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; save it as `CSV UTF-8`") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; write it with `pocketmoe review export`") from error
    yield from read(path, text)


def _csv_cells(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        if missing := [name for name in _NEEDED if name not in header]:
            raise DataError(
                f"{path}: row 1: no column {', '.join(missing)};"
                " keep the header that `pocketmoe review export` wrote"
            )
        for number, cells in enumerate(reader, 2):
            if len(cells) > len(header):
                refuse_cell(path, number, str(len(header) + 1), "has no name; put quotes around text")
            if any(cells):
                yield number, dict(zip(header, map(_unescape, cells), strict=False))
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: {error}; mend its quotes") from error


def _json_cells(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except ValueError as error:
            raise DataError(
                f"{path}: row {number}: no JSON ({error}); correct or remove this line"
            ) from error
        if not isinstance(cells, dict):
            raise DataError(f"{path}: row {number}: no JSON object; correct or remove this line")
        yield number, cells


def _escape(text: str) -> str:
    return f"'{text}" if _TO_ESCAPE.match(text) else text


def _unescape(text: str) -> str:
    return text[1:] if _ESCAPED.match(text) else text


KEPT = "kept"
COLUMNS = tuple(ReviewRow.model_fields)


def pair_id(passage: str, question: str, answer: str) -> str:
    """Return the identity of a pair of a passage with this text; spaces and line breaks do not count."""
    content = json.dumps([" ".join(text.split()) for text in (passage, question, answer)])
    # The letter keeps spreadsheets from reading digits and an `e` as a number.
    return f"q{hashlib.sha256(content.encode()).hexdigest()[:15]}"


def parse_row(path: Path, number: int, cells: Mapping[str, object]) -> ReviewRow:
    """Return a row; raise DataError with row and column where it says nothing, or two things."""
    try:
        row = ReviewRow.model_validate({name: cells[name] for name in COLUMNS if name in cells})
    except ValidationError as error:
        problem = error.errors()[0]
        refuse_cell(path, number, str(problem["loc"][0]), problem["msg"].removeprefix("Value error, "))
    edited = bool(row.edited_question.strip() or row.edited_answer.strip())
    if row.decision == "edit" and not edited:
        refuse_cell(path, number, "edited_question", "empty, like edited_answer: write the new wording there")
    if edited and row.decision != "edit":
        told = row.decision or "empty"
        refuse_cell(path, number, "decision", f"{told}, although there is a new wording: write edit")
    if row.decision and row.id != pair_id(row.passage, row.question, row.answer):
        refuse_cell(
            path,
            number,
            "id",
            "not that of this question, answer and passage: restore them as they were exported,"
            " and write new wording into edited_question and edited_answer",
        )
    return row


def refuse_cell(path: Path, number: int, column: str, problem: str) -> NoReturn:
    """Raise DataError that names the cell."""
    raise DataError(f"{path}: row {number}, column {column}: {problem}")
