"""Which row of a review file speaks of which pair.

In: rows, candidates and the passages that ground them. Out: rows of pairs and pairs of rows. A pair is known
by a digest of its passage's text and its wording, or, where the passage was cut otherwise since, by its
document.
"""

from collections.abc import Callable, Mapping, Sequence

from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.records.review import KEPT, ReviewRow, pair_id


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
