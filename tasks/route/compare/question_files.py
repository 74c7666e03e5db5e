"""Read labelled questions: JSON lines with `question` and `domain` in, questions in and out of scope out.

Other fields are ignored, so that files made for other ends can be compared on as they are.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from tasks.kernel.errors import DataError
from tasks.records.files import Record
from tasks.route.measure.labelled_questions import Questions, plain


class Labelled(Record):
    """A line of a question file."""

    model_config = Record.model_config | {"extra": "ignore"}

    question: str = Field(min_length=1, pattern=r"\S")
    domain: str = Field(min_length=1, pattern=r"\S")


@dataclass(frozen=True)
class Side:
    """The questions of one file."""

    questions: Questions
    out_of_scope: tuple[str, ...] = ()
    """Questions that belong to no domain."""


def read_labelled(path: Path, out_of_scope: str = "") -> Side:
    """Read a file; rows whose domain is `out_of_scope` belong to no domain.

    Raises DataError with file and line of a bad one, and where no question belongs to a domain.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a UTF-8 file of JSON lines") from error
    rows = [_labelled(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    inside = [row for row in rows if row.domain != out_of_scope]
    if not inside:
        raise DataError(f"{path}: no questions of a domain in it; write one JSON object a line")
    texts = tuple(row.question for row in inside)
    questions = Questions(
        tuple(f"{path.stem}-{number}" for number in range(len(inside))),
        texts,
        tuple(row.domain for row in inside),
        tuple(map(plain, texts)),
    )
    return Side(questions, tuple(row.question for row in rows if row.domain == out_of_scope))


def _labelled(path: Path, number: int, line: str) -> Labelled:
    try:
        return Labelled.model_validate(json.loads(line))
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"])) or "line"
        raise DataError(f"{path}:{number}: {field}: {problem['msg']}; correct or remove this line") from error
    except ValueError as error:
        raise DataError(f"{path}:{number}: not JSON ({error}); correct or remove this line") from error
