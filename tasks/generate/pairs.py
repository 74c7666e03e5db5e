"""What travels through generation: asks, replies, and candidates that are kept or refused for a reason.

In and out: frozen records. A candidate is never removed: each check gives a reason code to those
that it refuses, so that the funnel accounts for every one by counting.
"""

from collections.abc import Callable, Iterable, Sequence

from tasks.kernel.errors import PipelineError
from tasks.records.dataset import Candidate, Example, QuestionType
from tasks.records.files import Record


class RequestLimitError(PipelineError, RuntimeError):
    """A teacher's own limit is reached, named as in `200 requests (max_requests)`.

    Raised by a teacher instead of replies, best before the first request of a group that would not
    fit: the stage stops cleanly, keeps what was answered, and asks the whole group another time.
    """


class Ask(Record):
    """What one prompt asks for: a question to one statement, or all pairs of a passage."""

    passage: str
    """Id of the passage."""
    answer: str = ""
    """The statement that a question is wanted for; empty: ask for `count` pairs of the passage."""
    opening: str = ""
    """The beginning of the question; with a question mark at its end it is the whole question."""
    text: str = ""
    """The passage's text, where the teacher must see it."""
    count: int = 1
    """Pairs that are wanted."""
    question_type: QuestionType | None = None
    persona: str = ""
    difficulty: str = ""


class Reply(Record):
    """What the teacher wrote to one ask, and what that took."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0


class Draft(Record):
    """An ask and its reply."""

    ask: Ask
    reply: Reply


Report = Callable[[int], None]
"""Receives the number of replies so far."""


def refuse(
    candidates: Iterable[Candidate], verdict: Callable[[Example], tuple[str, str] | None]
) -> list[Candidate]:
    """Return the candidates, with reason code and detail for those that `verdict` refuses."""
    return [candidate if candidate.reason else _judged(candidate, verdict) for candidate in candidates]


def kept(candidates: Iterable[Candidate]) -> list[Example]:
    """Return the pairs that nobody refused, in order."""
    return [candidate.example for candidate in candidates if not candidate.reason]


def candidates_of(examples: Sequence[Example]) -> list[Candidate]:
    """Return ready-made examples as candidates."""
    return [Candidate(example=example) for example in examples]


def _judged(candidate: Candidate, verdict: Callable[[Example], tuple[str, str] | None]) -> Candidate:
    found = verdict(candidate.example)
    return candidate.model_copy(update={"reason": found[0], "detail": found[1]}) if found else candidate
