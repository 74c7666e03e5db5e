"""One passage and pairs about it, for the tests of judging."""

from tasks.records.corpus import Passage
from tasks.records.dataset import Example

TEXT = (
    "Mountain railways climb slopes that are too steep for ordinary trains. "
    "A rack railway has a toothed rail between its tracks, and the engine turns a cog wheel on it. "
    "The Pilatus line in Switzerland opened on 4 June 1889 and rises 48 metres on each 100 metres. "
    "Cable cars do not need a bridge over a valley, because their cabins hang from a rope. "
    "Snow increases the risk of a blocked track, so drivers check each switch twice before the first ride. "
    "About 1,200 guests ride to the summit on a day in July."
)
PASSAGE = Passage(
    id="0000aaaa-0000",
    document="railways.pdf",
    document_digest="0000aaaa",
    heading="Rack railways and cable cars",
    pages=(3, 4),
    text=TEXT,
)


def example(question: str, answer: str, **changes: object) -> Example:
    fields: dict[str, object] = {
        "id": "e1",
        "question": question,
        "answer": answer,
        "passage": PASSAGE.id,
        "document": PASSAGE.document,
        "teacher": "t",
    }
    return Example.model_validate(fields | changes)


def pair(number: int, question: str, answer: str, **changes: object) -> Example:
    """Return a pair from a passage of its own."""
    fields: dict[str, object] = {
        "id": f"e{number}",
        "question": question,
        "answer": answer,
        "passage": f"p{number}",
        "teacher": "t",
    }
    return Example.model_validate(fields | changes)
