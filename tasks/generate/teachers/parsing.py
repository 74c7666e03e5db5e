"""Read pairs out of replies.

In: drafts. Out: candidates, and how many replies held something, could be read, or had to be mended.
A reply is a question to a given statement, or all pairs of a passage; either way each pair that a teacher
returned becomes a candidate, and one that its reply's end cut off is refused as such.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from tasks.generate.judging.filters import question_of
from tasks.generate.pairs import Candidate, Draft, Reply
from tasks.generate.teacher_config import Teacher
from tasks.generate.teachers.json_pairs import Pair, after_thinking, read_pairs
from tasks.records import Example, Passage, QuestionType

CUT_OFF = "cut_off"
_LABEL = re.compile(r"^[\W_]*(?:\d+[.)]\s*)?(?:question\W?\d*\W*:)?[\W_]*", re.IGNORECASE)
_TYPES: dict[str, QuestionType] = {name: name for name in get_args(QuestionType)}


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
    candidates: list[Candidate] = []
    parsed = repaired = 0
    for draft in drafts:
        pairs, mended = _pairs(draft)
        parsed += bool(pairs)
        repaired += mended
        passage = passages[draft.ask.passage]
        for pair in pairs:
            numbers[passage.id] += 1
            example = _example(pair, f"{passage.id}-{numbers[passage.id]:02d}", passage, draft, teacher)
            candidates.append(Candidate(example=example, reason=CUT_OFF if pair.cut_off else ""))
    returned = sum(bool(draft.ask.opening + draft.reply.text) for draft in drafts)
    return Parsed(candidates, returned, parsed, repaired)


def _pairs(draft: Draft) -> tuple[list[Pair], bool]:
    if not draft.ask.answer:
        return read_pairs(draft.reply.text)
    question = question_of(draft if draft.ask.opening else _tidied(draft))
    return [Pair(question, draft.ask.answer)] if question else [], False


def _tidied(draft: Draft) -> Draft:
    """Return the draft with nothing but the line of its question: chatty teachers announce it."""
    lines = after_thinking(draft.reply.text).splitlines()
    line = _LABEL.sub("", next((line for line in lines if "?" in line), ""), count=1)
    return Draft(ask=draft.ask, reply=Reply(text=line))


def _example(pair: Pair, name: str, passage: Passage, draft: Draft, teacher: Teacher) -> Example:
    return Example(
        id=name,
        question=pair.question,
        answer=pair.answer,
        passage=passage.id,
        document=passage.document,
        pages=passage.pages,
        teacher=teacher.name,
        question_type=draft.ask.question_type or _TYPES.get(pair.kind.strip().lower().replace("-", "_")),
    )
