"""Read pairs out of replies.

In: drafts. Out: candidates, and how many replies held something, could be read, or had to be mended.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.generate.filters import question_of
from tasks.generate.pairs import Candidate, Draft
from tasks.generate.teacher_config import Teacher
from tasks.records import Example, Passage


@dataclass(frozen=True)
class Parsed:
    """What the replies held."""

    candidates: list[Candidate]
    returned: int
    """Replies that are not empty."""
    parsed: int
    """Replies that a pair could be read from."""
    repaired: int
    """Of those, the ones whose JSON had to be mended."""


def parse_drafts(drafts: Sequence[Draft], passages: Mapping[str, Passage], teacher: Teacher) -> Parsed:
    """Return the pairs in `drafts`, each with its passage's document and pages."""
    numbers: Counter[str] = Counter()
    candidates = []
    for draft in drafts:
        question = question_of(draft)
        if question:
            numbers[draft.ask.passage] += 1
            passage = passages[draft.ask.passage]
            example = Example(
                id=f"{passage.id}-{numbers[passage.id]:02d}",
                question=question,
                answer=draft.ask.answer,
                passage=passage.id,
                document=passage.document,
                pages=passage.pages,
                teacher=teacher.name,
                question_type=draft.ask.question_type,
            )
            candidates.append(Candidate(example=example))
    returned = sum(bool(draft.ask.opening + draft.reply.text) for draft in drafts)
    return Parsed(candidates, returned, len(candidates), 0)
