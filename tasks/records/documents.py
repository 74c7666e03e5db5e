"""What became of every file of a library: `documents.json` of ingestion."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from tasks.records.files import Figures, read_json, write_json

FILE = "documents.json"
_REMEDY = "build the corpus again: `pocketmoe rerun --from ingest`"
_EDGES = frozenset({"running_lines", "page_numbers"})
"""Kinds that pages with text have as well, so that they explain nothing."""


class TextEncoding(Figures):
    """In which encoding a file was read, and how that is known."""

    name: str
    how: Literal["valid", "set", "mark", "declared", "detected"]
    """By its bytes, by the configuration, a byte-order mark, what it declares, or by what it looks like."""
    confidence: float | None = None
    """Of what is detected, from 0 to 1."""
    replaced: int = 0
    """Places whose bytes are no character."""
    replaced_lines: list[int] = []
    """The first of them."""
    contradicted: str = ""
    """What the file declares and is not."""

    @property
    def doubtful(self) -> bool:
        """Whether somebody should look at the text."""
        return self.how == "detected" or bool(self.replaced or self.contradicted)

    def told(self) -> str:
        """Return this in words."""
        sure = "" if self.confidence is None else f", confidence {self.confidence:.2f}"
        text = f"read as {self.name} ({self.how}{sure})"
        if self.replaced:
            more = self.replaced - len(self.replaced_lines)
            text += f"; bad bytes in line {', '.join(map(str, self.replaced_lines))}"
            text += f" and at {more} more places" if more > 0 else ""
        return text + (f"; it declares {self.contradicted} and is not" if self.contradicted else "")


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
    pages_unreadable: dict[int, str] = {}
    """Pages that no parser reads as text, and what they are instead; they are left out."""
    pages_by_other_parser: list[int] = []
    """Pages that the second parser reads better than the first."""
    first_parser_failed: str = ""
    """Why the parser that the configuration names could not read the file, so that `parser` did."""
    parser: str = ""
    pages_removed: list[int] = []
    """Pages that held nothing but what ingestion removes."""
    page_labels: list[str] = []
    recognised: bool = False
    """Whether its text was recognised in pictures."""
    encoding: TextEncoding | None = None
    """None: sound UTF-8, or not a file of plain text."""
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


def listed(numbers: Iterable[int]) -> str:
    """Return page numbers as people write them: `pages 3, 5-9`."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number])
    told = ", ".join("-".join(map(str, span)) for span in spans)
    return f"page{'' if told.isdigit() else 's'} {told}"


def write_documents(corpus: Path, documents: Iterable[LibraryFile]) -> None:
    """Write `documents.json`."""
    write_json(corpus / FILE, [one.model_dump(mode="json", exclude_unset=True) for one in documents])


def read_documents(corpus: Path) -> list[LibraryFile]:
    """Return the files of a library in their order; raise DataError where an entry is damaged."""
    return read_json(corpus / FILE, list[LibraryFile], _REMEDY)
