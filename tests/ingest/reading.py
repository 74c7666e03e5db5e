"""Read a library as the stage does, without the rest of the stage."""

from pathlib import Path
from typing import Any

from tasks.ingest.passages.stored_documents import Document, Library, StoredPages
from tasks.ingest.reading.library import read_library
from tasks.ingest.reading_config import ReadingConfig
from tasks.kernel.workspace import silent

PYPDF, PDFIUM = {"kind": "pypdf"}, {"kind": "pdfium"}


def read(source: Path, scratch: Path, **config: Any) -> Library:
    return read_library(source, ReadingConfig.model_validate(config), scratch, silent)


def reason(library: Path, **config: Any) -> str:
    """Return the reason of the one bad file of a library whose good one must have been read."""
    read_ = read(library, library.parent / "scratch", unreadable="skip", **config)
    assert [document.name for document in read_.documents] == ["good.pdf"]
    (bad,) = read_.unreadable
    return bad.reason


def texts(document: Document) -> list[list[str]]:
    """Return the texts of the lines of each page, or those of the blocks."""
    if isinstance(document.content, StoredPages):
        return [[line.text for line in page] for page in document.content]
    return [[block.text for block in document.content]]
