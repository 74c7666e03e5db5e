"""A document that has been read: its pages lie in a file, so that a book costs no memory.

In: files written by the reading process. Out: values that the rest of the stage walks
through as often as it likes, a page or a block at a time.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.ingest.cleaning.blocks import Block, Kind
from tasks.ingest.cleaning.lines import Line
from tasks.records.documents import TextEncoding


@dataclass(frozen=True)
class StoredPages:
    """Pages of lines in a JSON Lines file; can be walked through any number of times."""

    path: Path
    count: int

    def __len__(self) -> int:
        """Return the number of pages."""
        return self.count

    def __iter__(self) -> Iterator[tuple[Line, ...]]:
        """Yield the lines of one page after the other, in reading order."""
        with self.path.open(encoding="utf-8") as file:
            for number, record in enumerate(file, 1):
                yield tuple(
                    Line(text, number, x, y, size, bold, turn)
                    for text, x, y, size, bold, turn in json.loads(record)["lines"]
                )


@dataclass(frozen=True)
class StoredBlocks:
    """Blocks of a document without pages, in a JSON Lines file; they all stand on page 1."""

    path: Path

    def __iter__(self) -> Iterator[Block]:
        """Yield one block after the other."""
        with self.path.open(encoding="utf-8") as file:
            for record in file:
                kind, text, rank = json.loads(record)
                yield Block(Kind(kind), text, ((0, 1),), rank)


@dataclass(frozen=True)
class Readings:
    """Which parser read a PDF where that is worth telling, and what neither of them reads."""

    unreadable: Mapping[int, str] = field(default_factory=dict)
    """Page -> what it is instead of text."""
    other_pages: tuple[int, ...] = ()
    """Pages that the second parser reads better."""
    failure: str = ""
    """Why the first parser could not read the file, so that another read it; empty: it could."""
    parser: str = ""


@dataclass(frozen=True)
class Document:
    """A readable document: its name in the library, the SHA-256 of its bytes and what it says."""

    name: str
    digest: str
    content: StoredPages | StoredBlocks
    """Pages of lines for a PDF, ready-made blocks for everything else."""
    labels: tuple[str, ...] = ()
    """What each page calls itself ("iv", "12"), where the file says so and it is not the plain count."""
    recognised: bool = False
    """Whether the text comes from optical character recognition."""
    readings: Readings = Readings()
    encoding: TextEncoding | None = None
    """How plain text was read; none: as sound UTF-8."""

    @property
    def page_count(self) -> int:
        """Return the number of pages; documents without pages count as one."""
        return len(self.content) if isinstance(self.content, StoredPages) else 1


@dataclass(frozen=True)
class UnreadableDocument:
    """A file that gave no text, and why."""

    name: str
    digest: str
    reason: str
    """A word for the account: `encrypted`, `empty`, `scanned`, ... (`tasks.ingest.reading.reasons`)."""
    problem: str
    """What is wrong; what to do."""


@dataclass(frozen=True)
class Library:
    """All files of a library, in order of their names, each in one of three places."""

    documents: list[Document]
    unreadable: list[UnreadableDocument]
    """Empty unless the config says `unreadable: skip`: otherwise they end the stage."""
    duplicates: dict[str, str]
    """File left out -> the one that stands for it: the same bytes, or the same name in another format."""
    left_out: list[str] = field(default_factory=list)
    """Files of formats that are not read."""
