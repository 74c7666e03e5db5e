"""What ingestion hands on: the passages of a domain.

One line of `passages.jsonl` is one passage.
"""

from pydantic import Field

from tasks.records.files import Record


class Passage(Record):
    """A piece of a document that respects sentences."""

    id: str
    """`<document digest, 8 hex>-<running number>`."""
    document: str
    """The document's path relative to the library folder."""
    document_digest: str
    heading: str = ""
    pages: tuple[int, int]
    """First and last page of the passage's own part, counted from 1; 1 and 1 in sources without pages."""
    text: str
    overlap_chars: int = Field(default=0, ge=0)
    """Length of the beginning of `text` that repeats the end of the passage before, for context.

    Only `own` may be asked about: a sentence of the repeated part belongs to the passage before, and a
    question about it here could stand in training while the same one stands in the test.
    """

    @property
    def own(self) -> str:
        """Return the part of the text that is in no other passage: what questions are asked about."""
        return self.text[self.overlap_chars :].lstrip()
