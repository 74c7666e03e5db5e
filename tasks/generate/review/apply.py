"""Let people have the last word on a domain's pairs.

In: candidates, and the decisions of a review file. Out: the same candidates, accepted and edited ones
kept whatever a check said, rejected ones refused. Decisions outlive regeneration: a pair that is not
generated again is added as long as its passage, or one with its answer, is still in the domain.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from tasks.generate.pairs import Candidate
from tasks.records.corpus import Passage
from tasks.records.dataset import Example
from tasks.records.review import KEPT, ReviewRow, pair_id, read_review

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


def finder(
    decisions: Sequence[ReviewRow], passages: Mapping[str, Passage]
) -> Callable[[Example], ReviewRow | None]:
    """Return what finds the decision on a pair, as it was or as it was edited.

    Where the passage was cut otherwise since, document, question and answer tell the pair.
    """
    by_id = {name: row for row in decisions for name in (row.id, row.edited_id)}
    by_text = {
        (row.document, _plain(question), _plain(answer)): row
        for row in decisions
        for question, answer in (row.wording, (row.question, row.answer))
    }

    def find(example: Example) -> ReviewRow | None:
        text = (example.document, _plain(example.question), _plain(example.answer))
        return by_id.get(id_of(example, passages)) or by_text.get(text)

    return find


def id_of(example: Example, passages: Mapping[str, Passage]) -> str:
    """Return the identity under which a review file knows the pair."""
    text = passages[example.passage].text if example.passage in passages else ""
    return pair_id(text, example.question, example.answer)


def row_of(candidate: Candidate, passages: Mapping[str, Passage]) -> ReviewRow:
    """Return a pair's row, without a decision."""
    example = candidate.example
    first, last = example.pages or (0, 0)
    return ReviewRow(
        id=id_of(example, passages),
        question=example.question,
        answer=example.answer,
        passage=passages[example.passage].text if example.passage in passages else "",
        document=example.document,
        # With a word before them, because spreadsheets take `3-4` for a day in April.
        pages=f"p. {first}" + (f"-{last}" if last > first else "") if first else "",
        fate=outcome(candidate),
        teacher=example.teacher,
        question_type=example.question_type or "",
    )


def outcome(candidate: Candidate) -> str:
    """Return `kept`, or why the pair was refused."""
    return ": ".join(filter(None, [candidate.reason, candidate.detail])) or KEPT


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


def ground_of(row: ReviewRow, passages: Mapping[str, Passage]) -> Passage | None:
    """Return the passage with the row's text, or else one of its document that holds its answer."""
    if not row.passage.strip():
        return None
    text, answer = _plain(row.passage), _plain(row.answer)
    same = (passage for passage in passages.values() if _plain(passage.text) == text)
    near = (
        passage
        for passage in passages.values()
        if passage.document == row.document and answer in _plain(passage.text)
    )
    return next(same, None) or next(near, None)


def _plain(text: str) -> str:
    return " ".join(text.split())
