"""Which page gave pairs, and why the others gave none: `coverage.json` of generation."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from tasks.records.files import Figures, read_json

FILE = "coverage.json"
PageState = Literal[
    "kept", "rejected", "not_asked", "skipped", "not_sampled", "removed", "no_text", "no_passage"
]
"""What a page came to, best first: pairs; none that passed the checks; the budget ended before it; no
sentence worth asking about; left out by the sample; only text that ingestion removes; no text; text
that is in no passage."""


class PageCoverage(Figures):
    """One page; what is zero or empty is not written, because books have many pages."""

    page: int
    """Counted from 1."""
    state: PageState
    passages: int = 0
    sentences: int = 0
    asked: int = 0
    kept: int = 0
    """Pairs of its passages, of which one may touch several pages."""
    why: dict[str, int] = {}
    """Where it has no pair: reasons with their counts."""


class DocumentCoverage(Figures):
    """The pages of one document."""

    document: str
    digest: str = ""
    pages: int = 0
    passages: int = 0
    not_sampled: int = 0
    sentences: int = 0
    asked: int = 0
    kept: int = 0
    states: dict[str, int] = {}
    """How many pages came to what."""
    rows: list[PageCoverage] = []


def write_coverage(folder: Path, documents: Iterable[DocumentCoverage]) -> None:
    """Write a data set's `coverage.json`, one page a line: small for a library of books, and readable."""
    text = ",".join(map(_written, documents))
    (folder / FILE).write_text(f"[{text}\n]\n", encoding="utf-8")


def read_coverage(dataset: Path) -> list[DocumentCoverage]:
    """Return a data set's pages by document; raise DataError with file and field where they are damaged."""
    return read_json(dataset / FILE, list[DocumentCoverage])


def _written(document: DocumentCoverage) -> str:
    head = json.dumps(document.model_dump(exclude={"rows"}), ensure_ascii=False)
    pages = (page.model_dump(exclude_defaults=True) for page in document.rows)
    rows = ",\n".join(json.dumps(page, ensure_ascii=False) for page in pages)
    return f'\n{head[:-1]}, "rows": [\n{rows}\n]}}'
