"""What a person decides on a pair: the rows of a review file and what they may say.

In: cells by column. Out: rows. A row is told by a digest of its passage, question and answer, so that
it means the same pair whatever is generated before or after it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NoReturn, get_args

from pydantic import ValidationError, field_validator

from tasks.errors import DataError
from tasks.records import QuestionType, Record

KEPT = "kept"
Decision = Literal["", "accept", "edit", "reject"]


class ReviewRow(Record):
    """A pair, its fate, and what a person decided."""

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
