"""Cut a document's blocks into passages of whole sentences.

In: blocks. Out: passages of at most `passage_words` words, each with its pages and the
headings in force where it starts. Sentences are never split, because a generated answer
must be found in its passage; a heading never ends a passage.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tasks.ingest.blocks import Block, Kind
from tasks.ingest.config import IngestConfig
from tasks.ingest.sentences import split_sentences
from tasks.records import Passage

HEADING_LEVELS = 2
"""Of headings that follow each other directly, as many are kept: a chapter and its section."""


@dataclass(frozen=True)
class Sentence:
    """A sentence or a heading, with what stands between it and the one before."""

    text: str
    glue: str
    page: int
    last_page: int
    heading: bool = False

    @property
    def words(self) -> int:
        """Return the number of words."""
        return count_words(self.text)


def cut_passages(name: str, digest: str, blocks: Sequence[Block], config: IngestConfig) -> list[Passage]:
    """Return the passages of the document `name`, in order."""
    drafts = _pack(_sentences(blocks), config.passage_words)
    if len(drafts) > 1 and _size(drafts[-1]) < config.min_passage_words:
        drafts[-2:] = [drafts[-2] + drafts[-1]]
    passages: list[Passage] = []
    heading = ""
    for number, draft in enumerate(drafts):
        leading, body = _leading_headings(draft)
        heading = leading or heading
        passages.append(
            Passage(
                id=f"{digest[:8]}-{number:04d}",
                document=name,
                document_digest=digest,
                heading=heading,
                pages=(body[0].page, max(sentence.last_page for sentence in body)),
                text=_text(body),
            )
        )
        heading = _last_heading(body) or heading
    return passages


def count_words(text: str) -> int:
    """Return the number of words: pieces between spaces that hold a letter or digit."""
    return sum(any(character.isalnum() for character in piece) for piece in text.split())


def _sentences(blocks: Sequence[Block]) -> list[Sentence]:
    sentences: list[Sentence] = []
    before: Kind | None = None
    for block in blocks:
        compact = block.kind in {Kind.ITEM, Kind.ROW} and before in {block.kind, Kind.PARAGRAPH}
        glue = "\n" if compact else "\n\n"
        offset = 0
        pieces = [block.text] if block.kind is Kind.HEADING else split_sentences(block.text)
        for piece in pieces:
            offset = block.text.index(piece, offset)
            end = offset + len(piece)
            first, last = block.page_at(offset), block.page_at(end - 1)
            sentences.append(Sentence(piece, glue, first, last, heading=block.kind is Kind.HEADING))
            glue, offset = " ", end
        before = block.kind
    return sentences


def _pack(sentences: Iterable[Sentence], limit: int) -> list[list[Sentence]]:
    """Fill passages one after the other; headings wait for the sentence that they head."""
    drafts: list[list[Sentence]] = []
    headings: list[Sentence] = []
    for sentence in sentences:
        if sentence.heading:
            headings.append(sentence)
            continue
        piece = [*headings, sentence]
        if drafts and _size(drafts[-1]) + _size(piece) <= limit:
            drafts[-1].extend(piece)
        else:
            drafts.append(piece)
        headings = []
    # A document of headings alone, such as slides, has them as its text.
    return drafts or ([[replace(heading, heading=False) for heading in headings]] if headings else [])


def _size(draft: Iterable[Sentence]) -> int:
    return sum(sentence.words for sentence in draft)


def _leading_headings(draft: Sequence[Sentence]) -> tuple[str, list[Sentence]]:
    at = next(number for number, sentence in enumerate(draft) if not sentence.heading)
    return _trail(draft[:at]), list(draft[at:])


def _last_heading(body: Sequence[Sentence]) -> str:
    """Return the heading in force at the end of a passage, with those right above it."""
    trail: list[Sentence] = []
    for before, sentence in zip([None, *body], body, strict=False):
        if sentence.heading:
            trail = [*trail, sentence] if before is not None and before.heading else [sentence]
    return _trail(trail)


def _trail(headings: Sequence[Sentence]) -> str:
    return " > ".join(heading.text for heading in headings[-HEADING_LEVELS:])


def _text(body: Sequence[Sentence]) -> str:
    return body[0].text + "".join(sentence.glue + sentence.text for sentence in body[1:])
