"""Drop tables of contents, reference lists and indexes.

In: blocks. Out: blocks without the entries of such lists and their headings. A list begins
at its heading, or where entries follow each other that leave no doubt: dots before rising
page numbers; [1], [2], [3] before authors and years. It ends where text follows that is no
entry, and a reference list also at the next heading of its rank, so that a misread heading
costs no chapter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tasks.ingest.cleaning import blocks as layout
from tasks.ingest.cleaning.blocks import Block
from tasks.ingest.cleaning.entries import is_entry, list_headed, numbered_entry
from tasks.ingest.cleaning.removed import Removed
from tasks.ingest.config import CleaningConfig, Kind
from tasks.text.segments import count_pieces

ENOUGH = 2
"""Entries below a heading that names the list."""
ENOUGH_WITHOUT_HEADING = 4
MOST_OTHER_WORDS = 40
"""Words of text that is no entry between two entries, such as half of one; after more, the list is over."""


@dataclass
class _List:
    """A list so far: entries, and behind them what may or may not belong to it."""

    kind: Kind
    heading: Block | None
    entries: list[Block] = field(default_factory=list)
    tail: list[Block] = field(default_factory=list)
    found: int = 0
    last_number: int = 0
    """Page or number of the last entry of a list without heading."""

    def take(self, block: Block, titles: frozenset[str]) -> bool:
        """Add a block; return False where the list is over before it."""
        if self.heading is None:
            return self._take_numbered(block)
        if self._is_closed_by(block, self.heading):
            return False
        if is_entry(self.kind, block, titles):
            self.entries += [*self.tail, block]
            self.tail.clear()
            self.found += 1
            return True
        if sum(count_pieces(other.text) for other in [*self.tail, block]) > MOST_OTHER_WORDS:
            return False
        self.tail.append(block)
        return True

    def _is_closed_by(self, block: Block, heading: Block) -> bool:
        if self.kind != "references" or block.kind is not layout.Kind.HEADING:
            return False
        return block.rank >= heading.rank and list_headed(block) != "references"

    def _take_numbered(self, block: Block) -> bool:
        found = numbered_entry(block)
        if found is None or found[0] != self.kind or found[1] < self.last_number:
            return False
        self.last_number = found[1]
        self.entries.append(block)
        self.found += 1
        return True

    def settle(self, removed: Removed) -> list[Block]:
        """Return the blocks that stay, and note the others."""
        heading = [self.heading] if self.heading else []
        if self.found < (ENOUGH if heading else ENOUGH_WITHOUT_HEADING):
            return [*heading, *self.entries, *self.tail]
        for block in [*heading, *self.entries]:
            removed.note(self.kind, block.page, block.text)
        return self.tail


def drop_sections(
    blocks: Iterable[Block], config: CleaningConfig, removed: Removed, titles: frozenset[str] = frozenset()
) -> Iterator[Block]:
    """Yield the blocks that belong to no list of a kind that the config removes; note the others.

    `titles` are the document's headings in lower case, where they are known beforehand.
    """
    wanted = config.wanted()
    current: _List | None = None
    for block in blocks:
        if current is not None and current.take(block, titles):
            continue
        if current is not None:
            yield from current.settle(removed)
        current = _opened(block, wanted) or _resumed(current, block)
        if current is None:
            yield block
    if current is not None:
        yield from current.settle(removed)


def _resumed(before: _List | None, block: Block) -> _List | None:
    """Return a list of references that goes on behind a heading, such as a running title that was missed."""
    if before is None or before.kind != "references" or before.found < ENOUGH:
        return None
    return _List("references", block) if block.kind is layout.Kind.HEADING else None


def _opened(block: Block, wanted: frozenset[str]) -> _List | None:
    """Return the list that begins at a block, if one does."""
    kind = list_headed(block)
    if kind in wanted and kind is not None:
        return _List(kind, block)
    found = numbered_entry(block)
    if found is not None and found[0] in wanted:
        listing = _List(found[0], None)
        listing.take(block, frozenset())
        return listing
    return None
