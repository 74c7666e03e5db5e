"""What ingestion says of each document: pages, those without text, and what was removed.

In: a corpus folder. Out: one value a document, also where a corpus has no such account.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.kernel.errors import DataError
from tasks.records.corpus import Passage

_REMEDY = "build the corpus again: `pocketmoe rerun --from ingest`"
_EDGES = frozenset({"running_lines", "page_numbers"})
"""Kinds that pages with text have as well, so that they explain nothing."""


class Example(BaseModel):
    """A line or block that was removed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    page: int


class Removed(BaseModel):
    """What was removed of one kind."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    examples: list[Example] = []


class Source(BaseModel):
    """One document of a corpus."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    digest: str = ""
    pages: int = 0
    pages_without_text: list[int] = []
    pages_removed: list[int] = []
    """Pages that held nothing but what ingestion removes."""
    removed: dict[str, Removed] = {}
    """What was removed, by kind."""

    def removed_on(self) -> dict[int, list[str]]:
        """Return the kinds of text that an emptied page is known to have held, by page."""
        kinds: dict[int, list[str]] = {page: [] for page in self.pages_removed}
        for kind, part in sorted(self.removed.items()):
            for page in {example.page for example in part.examples} & kinds.keys():
                kinds[page] += [] if kind in _EDGES else [kind]
        return kinds


def read_sources(corpus: Path, passages: Iterable[Passage]) -> list[Source]:
    """Return the documents of a corpus in their order, those that only passages name at the end.

    Raises DataError where the corpus' own account has another form.
    """
    path = corpus / "documents.json"
    found: dict[str, Source] = {}
    if path.is_file():
        rows = [_source(path, at, row) for at, row in enumerate(_rows(path)) if _was_read(row)]
        found = {row.name: row for row in rows}
    for passage in passages:
        known = found.setdefault(
            passage.document, Source(name=passage.document, digest=passage.document_digest)
        )
        if known.pages < passage.pages[1]:
            found[passage.document] = known.model_copy(update={"pages": passage.pages[1]})
    return list(found.values())


def _rows(path: Path) -> list[object]:
    try:
        rows = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path}: no JSON ({error}); {_REMEDY}") from error
    if not isinstance(rows, list):
        raise DataError(f"{path}: no list of documents; {_REMEDY}")
    return rows


def _source(path: Path, at: int, row: object) -> Source:
    try:
        return Source.model_validate(row)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise DataError(f"{path}: [{at}].{field}: {problem['msg']}; {_REMEDY}") from error


def _was_read(row: object) -> bool:
    """Tell documents from files that gave nothing, which have no number of pages."""
    return isinstance(row, Mapping) and isinstance(row.get("pages"), int)
