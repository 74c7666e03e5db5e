"""Write what a parser finds to a file as it comes, and judge whether it is text.

In: pages or blocks, one at a time. Out: a JSON Lines file and a Found, or an
UnreadableError where the whole holds no text that a reader could read.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from pydantic import BaseModel

from tasks.ingest.cleaning.blocks import Block
from tasks.ingest.cleaning.lines import Line
from tasks.ingest.reading.columns import order_columns
from tasks.ingest.reading.reasons import Reason, UnreadableError
from tasks.records.documents import TextEncoding

PAGE_CHARACTERS = 1_000_000
"""A printed page holds a few thousand; what unpacks to more is a bomb."""
UNKNOWN_SHARE = 0.3
PRIVATE_USE = "\ue000", "\uf8ff"


class Found(BaseModel):
    """What a file holds."""

    pages: int | None = None
    """None for documents without pages."""
    labels: list[str] = []
    """What pages call themselves; empty where that is the plain count."""
    scanned_pages: int = 0
    """Pages with pictures and no text."""
    recognised: bool = False
    encoding: TextEncoding | None = None
    """None: sound UTF-8, or no file of plain text."""


@dataclass(frozen=True)
class Page:
    """A page's text and whether it holds pictures."""

    lines: list[Line]
    pictures: bool


@dataclass(frozen=True)
class OpenPdf:
    """A PDF whose pages are still to be read."""

    count: int
    labels: list[str]
    pages: Iterator[Page]


@dataclass
class _Tally:
    characters: int = 0
    letters: int = 0
    unknown: int = 0
    pictures: bool = False

    def add(self, text: str) -> None:
        self.characters += len(text)
        self.letters += sum(map(str.isalpha, text))
        self.unknown += sum(c == "\ufffd" or PRIVATE_USE[0] <= c <= PRIVATE_USE[1] for c in text)


def write_pages(out: Path, pdf: OpenPdf, most: int, on_page: Callable[[int], None]) -> Found:
    """Write each page as it is read; raise UnreadableError where there are none, too many or no text."""
    if not pdf.count:
        raise UnreadableError(Reason.NO_PAGES, "has no pages; export it again from its source, or remove it")
    if pdf.count > most:
        raise UnreadableError(
            Reason.TOO_MANY_PAGES,
            f"has {pdf.count} pages, more than {most}; split it, raise reading.limits.pages, or remove it",
        )
    tally, scanned = _Tally(), 0
    with out.open("w", encoding="utf-8") as file:
        for number, page in enumerate(pdf.pages, 1):
            _require_sane(page.lines, number)
            lines = order_columns(page.lines)
            for line in lines:
                tally.add(line.text)
            tally.pictures |= page.pictures
            scanned += page.pictures and not page.lines
            file.write(json.dumps({"lines": [_record(line) for line in lines]}) + "\n")
            on_page(number)
    _require_text(tally)
    return Found(pages=pdf.count, labels=pdf.labels, scanned_pages=scanned)


def write_blocks(out: Path, blocks: Iterable[Block]) -> Found:
    """Write blocks of a document without pages; raise UnreadableError where they hold no text."""
    tally = _Tally()
    with out.open("w", encoding="utf-8") as file:
        for block in blocks:
            tally.add(block.text)
            file.write(json.dumps([block.kind.value, block.text, block.rank]) + "\n")
    _require_text(tally)
    return Found()


def _record(line: Line) -> list[object]:
    text, _, *rest = astuple(line)
    return [text, *rest]


def _require_sane(lines: Iterable[Line], number: int) -> None:
    if sum(len(line.text) for line in lines) > PAGE_CHARACTERS:
        raise UnreadableError(
            Reason.TOO_LARGE,
            f"page {number} unpacks to more than {PAGE_CHARACTERS} characters (a decompression bomb?);"
            " split it, or remove it",
        )


def _require_text(tally: _Tally) -> None:
    if not tally.letters:
        reason, guess = (Reason.SCANNED, " (scanned pages)") if tally.pictures else (Reason.NO_TEXT, "")
        raise UnreadableError(
            reason,
            f"no text in it{guess}; run OCR first: `ingest.reading.ocr: {{kind: ocrmypdf}}` with the"
            " extra `ocr` does it, or remove it",
        )
    if tally.unknown > UNKNOWN_SHARE * tally.characters:
        raise UnreadableError(
            Reason.NO_UNICODE, "its fonts do not say which letters they draw; run OCR on it, or remove it"
        )
