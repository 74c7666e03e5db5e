"""Let people have the last word on a domain's pairs.

In: candidates, and the decisions of a review file. Out: the same candidates, accepted and edited ones
kept whatever a check said, rejected ones refused. Decisions outlive regeneration: a pair that is not
generated again is added as long as its passage, or one with its answer, is still in the domain.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.records.review import ReviewRow, read_review
from tasks.records.reviewed_pairs import finder, ground_of

REJECTED = "rejected_by_reviewer"
EDITED = ", edited"

logger = logging.getLogger(__name__)


def read_decisions(path: Path | None) -> list[ReviewRow]:
    """Return the rows of a domain's review file, if it has one; raise DataError where it cannot be read."""
    return list(read_review(path).values()) if path else []


def apply_reviews(
    candidates: Sequence[Candidate], decisions: Sequence[ReviewRow], passages: Mapping[str, Passage]
) -> list[Candidate]:
    """Return the candidates as people want them, and after them those that are not generated any more."""
    find = finder(decisions, passages)
    found = [(candidate, find(candidate.example)) for candidate in candidates]
    used = {row.id for _, row in found if row}
    lost = [row for row in decisions if row.id not in used and row.decision != "reject"]
    decided = [_decided(candidate, row) if row else candidate for candidate, row in found]
    return [*decided, *_restored(lost, passages)]


def _decided(candidate: Candidate, row: ReviewRow) -> Candidate:
    match row.decision:
        case "reject":
            return Candidate(example=candidate.example, reason=REJECTED, detail=row.note)
        case "accept" | "":
            return Candidate(example=candidate.example, reviewed=True)
        case "edit":
            return Candidate(example=_edited(candidate.example, row), reviewed=True)
        case _:
            assert_never(row.decision)


def _edited(example: Example, row: ReviewRow) -> Example:
    question, answer = row.wording
    teacher = example.teacher.removesuffix(EDITED) + EDITED
    return example.model_copy(update={"question": question, "answer": answer, "teacher": teacher})


def _restored(rows: Iterable[ReviewRow], passages: Mapping[str, Passage]) -> list[Candidate]:
    """Return reviewed pairs that were not generated again, but for those whose ground is gone."""
    found = []
    for row in rows:
        passage = ground_of(row, passages)
        if passage is None:
            logger.warning(
                "review: %s of %r in %s is dropped: its passage is no longer in the domain",
                row.decision,
                row.question,
                row.document or "a data set",
            )
            continue
        example = Example(
            id=f"{passage.id}-{row.id}",
            question=row.question,
            answer=row.answer,
            passage=passage.id,
            document=passage.document,
            pages=passage.pages,
            teacher=row.teacher or "reviewer",
            question_type=row.question_type or None,
        )
        found.append(_decided(Candidate(example=example), row))
    return found
