"""A document's text without what surrounds it.

In: a document whose pages or blocks lie in a file. Out: the blocks of its body, one after the
other, with an account of what was removed. It is walked through several times, to learn what
runs around its pages, what it looks like and how it hyphenates, and is never held whole.
Nothing but the document itself decides, so that its passages stay the same whatever else is
in the library.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from tasks.ingest.cleaning.blocks import Block, Kind, build_blocks
from tasks.ingest.cleaning.hyphens import Hyphens, learn_hyphenation
from tasks.ingest.cleaning.lines import Line
from tasks.ingest.cleaning.notices import drop_notices
from tasks.ingest.cleaning.removed import Removed
from tasks.ingest.cleaning.running_heads import Page, Running, find_running, without_running
from tasks.ingest.cleaning.sections import drop_sections
from tasks.ingest.cleaning.typography import measure
from tasks.ingest.config import CleaningConfig
from tasks.ingest.passages.stored_documents import Document, StoredBlocks, StoredPages


def clean_blocks(
    document: Document, config: CleaningConfig, removed: Removed, hyphens: Hyphens
) -> Iterator[Block]:
    """Yield the blocks of a document's body; note in `removed` what is left out."""
    blocks: Iterable[Block]
    titles: frozenset[str] = frozenset()
    match document.content:
        case StoredPages() as pages:
            blocks = _blocks_of_pages(pages, config, removed, hyphens)
        case StoredBlocks() as blocks:
            titles = frozenset(block.text.casefold() for block in blocks if block.kind is Kind.HEADING)
        case _:
            assert_never(document.content)
    return drop_notices(drop_sections(blocks, config, removed, titles), config, removed)


def _blocks_of_pages(
    pages: Iterable[Page], config: CleaningConfig, removed: Removed, hyphens: Hyphens
) -> Iterator[Block]:
    running = find_running(pages, config)
    lines = _Lines(pages, running)
    noted = (line for page in without_running(pages, running, removed) for line in page)
    blocks = build_blocks(noted, measure(lines), learn_hyphenation(lines), hyphens)
    return _heads_once(blocks, removed) if config.running_lines else blocks


def _heads_once(blocks: Iterable[Block], removed: Removed) -> Iterator[Block]:
    """Yield the blocks without heads of tables that are repeated on the next page."""
    head: Block | None = None
    for block in blocks:
        if block.kind is not Kind.ROW:
            head = None
        elif head is None:
            head = block
        elif block.text == head.text and block.page > head.page:
            removed.note("running_lines", block.page, block.text)
            continue
        yield block


@dataclass(frozen=True)
class _Lines:
    """The lines within a document's pages; can be walked through any number of times."""

    pages: Iterable[Page]
    running: Running

    def __iter__(self) -> Iterator[Line]:
        for page in without_running(self.pages, self.running):
            yield from page
