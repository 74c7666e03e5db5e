"""What became of every file of a library: the entries of `documents.json` and the stage's counts.

In: documents with their passages and what was removed, files that gave no text, files that
stand for others. Out: one entry a file, in order of their names, and flat numbers.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.ingest.cleaning.blocks import Block
from tasks.ingest.cleaning.hyphens import Hyphens
from tasks.ingest.cleaning.removed import Removed
from tasks.ingest.config import KINDS
from tasks.ingest.passages.stored_documents import Document, Library, StoredPages
from tasks.ingest.reading.reasons import Reason
from tasks.kernel.workspace import Metrics
from tasks.records.corpus import Passage
from tasks.records.documents import LibraryFile, listed
from tasks.text.segments import count_words

_MOST_LEFT_OUT = 100
"""Names of files of other formats; beside a library of documents there may be any number of pictures."""
_OTHER_FORMAT = "of no format that is read; convert it to one, or remove it"
logger = logging.getLogger(__name__)


@dataclass
class Account:
    """What was found in one document, kept while it is cleaned and cut."""

    document: Document
    removed: Removed = field(default_factory=Removed)
    hyphens: Hyphens = field(default_factory=Hyphens)
    pages_used: set[int] = field(default_factory=set)
    words: int = 0
    passages: int = 0
    blank_pages: list[int] = field(default_factory=list)

    def watched(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield the blocks that stay, and note their pages."""
        for block in blocks:
            self.pages_used.update(page for _, page in block.starts)
            yield block

    def close(self, passages: Sequence[Passage]) -> None:
        """Count what came of the document, and warn of what did not."""
        self.passages = len(passages)
        self.words = sum(count_words(passage.own) for passage in passages)
        content = self.document.content
        pages = content if isinstance(content, StoredPages) else ()
        unread = self.document.readings.unreadable
        self.blank_pages = [
            number for number, page in enumerate(pages, 1) if not page and number not in unread
        ]
        if self.document.encoding is not None:
            level = logging.WARNING if self.document.encoding.doubtful else logging.INFO
            logger.log(level, "%s: %s", self.document.name, self.document.encoding.told())
        if self.blank_pages:
            logger.warning(
                "%s: no text on %d of %d pages",
                self.document.name,
                len(self.blank_pages),
                self.document.page_count,
            )
        for flaw in sorted(set(unread.values())):
            numbers = [number for number, is_ in unread.items() if is_ == flaw]
            logger.warning("%s: %s on %s, left out", self.document.name, flaw, listed(numbers))
        if not passages:
            logger.warning("%s: no text is left after cleaning; see documents.json", self.document.name)

    def described(self) -> LibraryFile:
        """Return the document's entry."""
        gone = self.pages_used.union(self.blank_pages, self.document.readings.unreadable)
        return LibraryFile(
            name=self.document.name,
            status="read",
            digest=self.document.digest,
            pages=self.document.page_count,
            pages_without_text=self.blank_pages,
            pages_removed=[page for page in range(1, self.document.page_count + 1) if page not in gone],
            page_labels=list(self.document.labels),
            recognised=self.document.recognised,
            words=self.words,
            passages=self.passages,
            removed=self.removed.by_kind(),
            removed_words=self.removed.words,
            hyphens_joined=self.hyphens.joined,
            **self._readings(),
        )

    def _readings(self) -> dict[str, Any]:
        """Return what is worth telling of how the document was read: nothing of most."""
        read = self.document.readings
        told = {
            "pages_unreadable": dict(read.unreadable),
            "pages_by_other_parser": list(read.other_pages),
            "first_parser_failed": read.failure,
            "parser": read.parser if read.failure else "",
            "encoding": self.document.encoding,
        }
        return {name: value for name, value in told.items() if value}


def describe_library(library: Library, accounts: Iterable[Account]) -> list[LibraryFile]:
    """Return one entry for every file of the library."""
    entries = [account.described() for account in accounts]
    entries += [
        LibraryFile(
            name=file.name,
            status="unreadable",
            digest=file.digest,
            reason=str(file.reason),
            problem=file.problem,
        )
        for file in library.unreadable
    ]
    entries += [
        LibraryFile(name=name, status="duplicate", same_as=other)
        for name, other in library.duplicates.items()
    ]
    entries += [
        LibraryFile(name=name, status="left_out", reason=str(Reason.OTHER_FORMAT), problem=_OTHER_FORMAT)
        for name in library.left_out[:_MOST_LEFT_OUT]
    ]
    return sorted(entries, key=lambda entry: entry.name)


def count_library(library: Library, accounts: Sequence[Account]) -> Metrics:
    """Return the flat numbers of a library; `words` are those of the passages' own parts."""
    return {
        "documents": len(accounts),
        "documents_unreadable": len(library.unreadable),
        "documents_duplicate": len(library.duplicates),
        "documents_left_out": len(library.left_out),
        "pages": sum(account.document.page_count for account in accounts),
        "pages_without_text": sum(len(account.blank_pages) for account in accounts),
        "pages_unreadable": sum(len(account.document.readings.unreadable) for account in accounts),
        "words": sum(account.words for account in accounts),
        "passages": sum(account.passages for account in accounts),
        "hyphens_joined": sum(account.hyphens.joined for account in accounts),
        "removed_words": sum(account.removed.words for account in accounts),
        **{f"removed_{kind}": sum(account.removed.counts[kind] for account in accounts) for kind in KINDS},
    }
