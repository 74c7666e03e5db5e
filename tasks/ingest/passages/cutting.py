"""Cut a document's blocks into passages of whole sentences.

In: blocks. Out: passages of at most the configured size, each with its pages and the
headings in force where it starts. Sentences are never split, because a generated answer
must be found in its passage; a heading never ends a passage. What a passage repeats from
the one before is marked, because a question about it must be asked once.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tasks.ingest.cleaning.blocks import Block, Kind
from tasks.ingest.config import PassageSize
from tasks.records.corpus import Passage
from tasks.text.segments import count_words, mostly_unspaced
from tasks.text.sentences import paragraph_sentences
from tasks.text.unspaced_sentences import cut_unspaced

HEADING_LEVELS = 2
"""Of headings that follow each other directly, as many are kept: a chapter and its section."""

Measure = Callable[[str], int]
"""Length of a text: in words, or in the tokens of a model."""


@dataclass(frozen=True)
class Sentence:
    """A sentence or a heading, with what stands between it and the one before."""

    text: str
    glue: str
    page: int
    last_page: int
    size: int
    heading: bool = False


@dataclass(frozen=True)
class _Draft:
    """The sentences of a passage: first those that are repeated from the passage before."""

    overlap: list[Sentence]
    own: list[Sentence]


def cut_passages(
    name: str, digest: str, blocks: Iterable[Block], size: PassageSize, measure: Measure
) -> Iterator[Passage]:
    """Yield the passages of the document `name`, in order."""
    drafts = _last_joined(_pack(_sentences(blocks, measure, size.limit), size), size.minimum)
    heading = ""
    for number, draft in enumerate(drafts):
        leading, body = _leading_headings(draft.own)
        heading = leading or heading
        before = _text(draft.overlap) + body[0].glue if draft.overlap else ""
        yield Passage(
            id=f"{digest[:8]}-{number:04d}",
            document=name,
            document_digest=digest,
            heading=heading,
            pages=(body[0].page, max(sentence.last_page for sentence in body)),
            text=before + _text(body),
            overlap_chars=len(before),
        )
        heading = _last_heading(draft.own) or heading


def _sentences(blocks: Iterable[Block], measure: Measure, limit: int) -> Iterator[Sentence]:
    before: Kind | None = None
    for block in blocks:
        compact = block.kind in {Kind.ITEM, Kind.ROW} and before in {block.kind, Kind.PARAGRAPH}
        glue = "\n" if compact else "\n\n"
        offset = 0
        pieces = [block.text] if block.kind is Kind.HEADING else _pieces(block.text, measure, limit)
        for piece in pieces:
            start = block.text.index(piece, offset)
            # What stands between sentences: nothing, where a script puts no spaces there.
            glue = block.text[offset:start] if offset else glue
            offset = start + len(piece)
            first, last = block.page_at(start), block.page_at(offset - 1)
            yield Sentence(piece, glue, first, last, measure(glue + piece), block.kind is Kind.HEADING)
        before = block.kind


def _pieces(paragraph: str, measure: Measure, limit: int) -> Iterator[str]:
    """Yield sentences; of scripts without spaces, whose words may be many tokens, what a passage can hold."""
    for sentence in paragraph_sentences(paragraph):
        yield from _fitting(sentence, measure, limit) if mostly_unspaced(sentence) else (sentence,)


def _fitting(sentence: str, measure: Measure, limit: int) -> Iterator[str]:
    words = count_words(sentence)
    if words < 2 or measure(sentence) <= limit:  # noqa: PLR2004  # a word is not cut
        yield sentence
        return
    for part in cut_unspaced(sentence, -(-words // 2)):
        yield from _fitting(part, measure, limit)


def _pack(sentences: Iterable[Sentence], size: PassageSize) -> Iterator[_Draft]:
    """Fill passages one after the other; headings wait for the sentence that they head."""
    draft = _Draft([], [])
    headings: list[Sentence] = []
    for sentence in sentences:
        if sentence.heading:
            headings.append(sentence)
            continue
        piece = [*headings, sentence]
        if draft.own and _length(draft.overlap + draft.own + piece) > size.limit:
            yield draft
            draft = _Draft(_repeated(draft.own, piece, size), [])
        draft.own.extend(piece)
        headings = []
    if draft.own:
        yield draft
    elif headings:
        # A document of headings alone, such as slides, has them as its text.
        yield _Draft([], [replace(heading, heading=False) for heading in headings])


def _repeated(before: Sequence[Sentence], following: Sequence[Sentence], size: PassageSize) -> list[Sentence]:
    """Return the end of a passage that the next one repeats; nothing across a heading."""
    room = min(size.overlap, size.limit - _length(following))
    repeated: list[Sentence] = []
    for sentence in reversed(before):
        room -= sentence.size
        if room < 0 or sentence.heading or following[0].heading:
            break
        repeated.insert(0, sentence)
    return repeated


def _last_joined(drafts: Iterable[_Draft], minimum: int) -> Iterator[_Draft]:
    """Join the last passage to the one before where it is too short."""
    waiting: deque[_Draft] = deque()
    for draft in drafts:
        waiting.append(draft)
        if len(waiting) > 2:  # noqa: PLR2004  # the last passage and the one before
            yield waiting.popleft()
    if len(waiting) > 1 and _length(waiting[-1].own) < minimum:
        last = waiting.pop()
        waiting[-1].own.extend(last.own)
    yield from waiting


def _length(sentences: Iterable[Sentence]) -> int:
    return sum(sentence.size for sentence in sentences)


def _leading_headings(own: Sequence[Sentence]) -> tuple[str, list[Sentence]]:
    """Return the headings that a passage is titled with, and the rest of it: no heading is lost."""
    at = next(number for number, sentence in enumerate(own) if not sentence.heading)
    return _trail(own[:at]), [*own[: max(0, at - HEADING_LEVELS)], *own[at:]]


def _last_heading(own: Sequence[Sentence]) -> str:
    """Return the heading in force at the end of a passage, with those right above it."""
    trail: list[Sentence] = []
    for before, sentence in zip([None, *own], own, strict=False):
        if sentence.heading:
            trail = [*trail, sentence] if before is not None and before.heading else [sentence]
    return _trail(trail)


def _trail(headings: Sequence[Sentence]) -> str:
    return " > ".join(heading.text for heading in headings[-HEADING_LEVELS:])


def _text(body: Sequence[Sentence]) -> str:
    return body[0].text + "".join(sentence.glue + sentence.text for sentence in body[1:])
