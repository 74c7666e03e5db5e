"""What generation hands on: questions with reference answers, and the sides that they stand on.

One line of `pairs.jsonl` is one example.
"""

import operator
from typing import Literal

from pydantic import Field

from tasks.records.files import Record

Drawn = Literal["train", "validation", "test"]
Split = Literal[Drawn, "recall"]
"""Where a pair stands. `test` asks about passages that nobody trained on; `recall` about facts of training
passages, in another form than training did."""
DRAWN: tuple[Drawn, ...] = ("train", "validation", "test")
RECALL: Split = "recall"
SPLITS: tuple[Split, ...] = (*DRAWN, RECALL)
QuestionType = Literal["factual", "how", "why", "scenario", "follow_up"]
Check = Literal["tests", "prompt", "schema", "database"]
"""What an answer is checked with beside its reference: unit tests and the code before it, a JSON schema, and
a database by name or as the script that makes it."""


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
    checks: dict[Check, str] = Field(default={}, exclude_if=operator.not_)
    """Of ready-made data sets alone; not written where there are none."""
    key_fact: str = Field(default="", exclude_if=operator.not_)
    """Of `recall` alone: the words of the answer that the question asks for, which are what is scored."""


class Candidate(Record):
    """A pair on its way through the checks."""

    example: Example
    reason: str = ""
    """Code of the check that refused it; empty: not refused so far."""
    detail: str = ""
    """What that check saw, for the reader of a report."""
    reviewed: bool = False
    """A person has accepted or edited it: of two pairs that cannot both stay, this one does."""
