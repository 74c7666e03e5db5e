"""What became of every file of a library: `documents.json` of ingestion."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from tasks.records.files import Figures, read_json, write_json

FILE = "documents.json"
_REMEDY = "build the corpus again: `pocketmoe rerun --from ingest`"
_EDGES = frozenset({"running_lines", "page_numbers"})
"""Kinds that pages with text have as well, so that they explain nothing."""


class RemovedText(Figures):
    """A line or block that was removed."""

    page: int
    text: str = ""
    """Its beginning."""


class RemovedKind(Figures):
    """What was removed of one kind."""

    count: int = 0
    examples: list[RemovedText] = []


class LibraryFile(Figures):
    """One file; what its status has no use for is not written."""

    name: str
    status: Literal["read", "unreadable", "duplicate", "left_out"] = "read"
    digest: str = ""
    pages: int | None = None
    """None: the file gave nothing."""
    pages_without_text: list[int] = []
    pages_removed: list[int] = []
    """Pages that held nothing but what ingestion removes."""
    page_labels: list[str] = []
    recognised: bool = False
    """Whether its text was recognised in pictures."""
    words: int | None = None
    passages: int | None = None
    removed: dict[str, RemovedKind] = {}
    """Lines and blocks that are no text to learn from, by kind."""
    removed_words: int | None = None
    hyphens_joined: int | None = None
    reason: str = ""
    """Why an unreadable file gave no text, in a word."""
    problem: str = ""
    """And in a sentence."""
    same_as: str = ""
    """The file of the same content that was read in a duplicate's place."""

    @property
    def unreadable(self) -> str:
        """Why the file gave no text; empty: it was read."""
        return self.problem or self.reason

    def removed_on(self) -> dict[int, list[str]]:
        """Return the kinds of text that an emptied page is known to have held, by page."""
        kinds: dict[int, list[str]] = {page: [] for page in self.pages_removed}
        for kind, part in sorted(self.removed.items()):
            for page in {example.page for example in part.examples} & kinds.keys():
                kinds[page] += [] if kind in _EDGES else [kind]
        return kinds


def write_documents(corpus: Path, documents: Iterable[LibraryFile]) -> None:
    """Write `documents.json`."""
    write_json(corpus / FILE, [one.model_dump(mode="json", exclude_unset=True) for one in documents])


def read_documents(corpus: Path) -> list[LibraryFile]:
    """Return the files of a library in their order; raise DataError where an entry is damaged."""
    return read_json(corpus / FILE, list[LibraryFile], _REMEDY)
