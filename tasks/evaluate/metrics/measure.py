"""What every metric is to the scorer: a function of answers and their questions.

In: answers. Out: by name of the score, one number an answer, one row of counts an answer from whose sums a
figure follows, or one number of all answers. The first two have intervals and pair with another model's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tasks.evaluate.measuring.questions import Question
from tasks.records.dataset import Check
from tasks.statistics.bootstrap import Floats, Statistic

Texts = Sequence[str]
Questions = Sequence[Question]
Samples = Sequence[Sequence[str]]
"""Several answers to each question."""


@dataclass(frozen=True)
class Counts:
    """What of each answer goes into a figure that is no mean over answers."""

    rows: Floats
    of: Statistic


One = list[float] | Counts | float
Found = Mapping[str, One]


@dataclass(frozen=True)
class Measure:
    """A metric as it is asked."""

    score: Callable[[Texts, Questions], Found]
    paired: bool = True
    """Whether it says something of each answer; else there is nothing to compare answer by answer."""
    sampled: Callable[[Samples, Questions], Found] | None = None
    """Scores several answers to each question together."""
    needs: Check | None = None
    """What every question must have."""
    accept: Callable[[Question], None] | None = None
    """Raises DataError where a question's checks cannot be used."""


def compares(name: str, one: Callable[[str, Question], float], needs: Check | None = None) -> Measure:
    """Return a measure that scores each answer by itself."""
    return Measure(partial(_each, name, one), needs=needs)


def _each(name: str, one: Callable[[str, Question], float], answers: Texts, questions: Questions) -> Found:
    return {name: [one(answer, question) for answer, question in zip(answers, questions, strict=True)]}
