"""Pairs of one passage and their rows, which the tests of the review share."""

from generate_corpus import passages

from tasks.records.corpus import Passage
from tasks.records.dataset import Candidate, Example
from tasks.records.review import ReviewRow
from tasks.records.reviewed_pairs import row_of


def example(at: int = 1, **changed: object) -> Example:
    passage = passages(1)[0]
    values = {
        "id": f"{passage.id}-{at:02d}",
        "question": f"What is number {at}?",
        "answer": f"Answer number {at} it is.",
        "passage": passage.id,
        "document": passage.document,
        "pages": passage.pages,
        "teacher": "scripted",
        "question_type": "factual",
    }
    return Example.model_validate(values | changed)


def texts(*found: Passage) -> dict[str, Passage]:
    return {passage.id: passage for passage in found or passages(1)}


def row(at: int = 1, **decided: str) -> ReviewRow:
    return row_of(Candidate(example=example(at)), texts()).model_copy(update=decided)
