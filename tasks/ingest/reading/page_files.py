"""Write what parsers find to a file as it comes, and judge whether it is text.

In: pages or blocks, one at a time. Out: a JSON Lines file and a Found, or an
UnreadableError where the whole holds no text that a reader could read. A page that one
parser reads badly is read by the other, and is left out by number where both do.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from pydantic import BaseModel

from tasks.ingest.cleaning.blocks import Block
from tasks.ingest.cleaning.lines import Line
from tasks.ingest.reading.columns import order_columns
from tasks.ingest.reading.page_quality import Flaw, Page, is_better, is_unknown
from tasks.ingest.reading.reasons import Reason, UnreadableError
from tasks.records.documents import TextEncoding

PAGE_CHARACTERS = 1_000_000
"""A printed page holds a few thousand; what unpacks to more is a bomb."""
UNKNOWN_SHARE = 0.3
TIMES_ASKED = 3


class Found(BaseModel):
    """What a file holds."""

    pages: int | None = None
    """None for documents without pages."""
    labels: list[str] = []
    """What pages call themselves; empty where that is the plain count."""
    scanned_pages: list[int] = []
    """Pages with pictures and no text."""
    unreadable_pages: dict[int, str] = {}
    """Pages that no parser reads as text, and what it is instead."""
    parser: str = ""
    """The parser of most pages."""
    other_pages: list[int] = []
    """Pages that the other parser reads better."""
    failure: str = ""
    """Why the parser that was to read the file did not; empty: it did."""
    recognised: bool = False
    encoding: TextEncoding | None = None
    """None: sound UTF-8, or no file of plain text."""


@dataclass(frozen=True)
class OpenPdf:
    """A PDF whose pages are still to be read."""

    count: int
    labels: list[str]
    page: Callable[[int], Page]
    """Reads one page by its number, from 1; raises UnreadableError."""
    parser: str = ""


SecondOpinion = Callable[[int], Page | None]
"""Reads a page with the other parser; none: that cannot."""


@dataclass
class _Tally:
    characters: int = 0
    letters: int = 0
    unknown: int = 0
    pictures: bool = False

    def add(self, text: str) -> None:
        self.characters += len(text)
        self.letters += sum(map(str.isalpha, text))
        self.unknown += 0 if text.isascii() else sum(map(is_unknown, text))


def write_pages(
    out: Path, pdf: OpenPdf, most: int, on_page: Callable[[int], None], second: SecondOpinion | None = None
) -> Found:
    """Write each page as it is read; raise UnreadableError where there are none, too many or no text."""
    if not pdf.count:
        raise UnreadableError(Reason.NO_PAGES, "has no pages; export it again from its source, or remove it")
    if pdf.count > most:
        raise UnreadableError(
            Reason.TOO_MANY_PAGES,
            f"has {pdf.count} pages, more than {most}; split it, raise reading.limits.pages, or remove it",
        )
    tally, found = _Tally(), Found(pages=pdf.count, labels=pdf.labels, parser=pdf.parser)
    reading = _Reading(pdf, second, found)
    with out.open("w", encoding="utf-8") as file:
        for number in range(1, pdf.count + 1):
            page = reading.page(number)
            tally.pictures |= page.pictures
            if page.pictures and not page.lines:
                found.scanned_pages.append(number)
            lines = [] if number in found.unreadable_pages else order_columns(page.lines)
            for line in lines:
                tally.add(line.text)
            file.write(json.dumps({"lines": [_record(line) for line in lines]}) + "\n")
            on_page(number)
    _require_readable_pages(tally, found)
    _require_text(tally)
    return found


class _Reading:
    """Reads each page with the parser that reads it better, and notes whose it is and whether it is none."""

    def __init__(self, pdf: OpenPdf, second: SecondOpinion | None, found: Found) -> None:
        self._pdf, self._second, self._found = pdf, second, found
        self._in_vain: Counter[str] = Counter()

    def page(self, number: int) -> Page:
        """Return the better reading of a page; raise UnreadableError where no parser can read it."""
        page = self._better(number)
        _require_sane(page.lines, number)
        if page.verdict.flaw and page.verdict.refused:
            self._found.unreadable_pages[number] = page.verdict.flaw.value
        return page

    def _better(self, number: int) -> Page:
        try:
            page = self._pdf.page(number)
            _require_sane(page.lines, number)
        except UnreadableError:
            other = self._second(number) if self._second else None
            if other is None:
                raise
        else:
            other = self._second(number) if self._second and self._is_doubtful(page) else None
            if other is None or not is_better(other, page):
                self._in_vain.update(page.silent)
                return page
        self._found.other_pages.append(number)
        return other

    def _is_doubtful(self, page: Page) -> bool:
        """Tell whether to ask; a font without letters may hold spaces, and is asked about a few times."""
        flaw = page.verdict.flaw
        return flaw is not None and (
            flaw is not Flaw.SILENT or any(self._in_vain[font] < TIMES_ASKED for font in page.silent)
        )


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


def _require_readable_pages(tally: _Tally, found: Found) -> None:
    if tally.letters or not found.unreadable_pages:
        return
    flaw = Counter(found.unreadable_pages.values()).most_common(1)[0][0]
    reason = Reason.RUN_TOGETHER if flaw == Flaw.RUN_TOGETHER.value else Reason.NO_UNICODE
    raise UnreadableError(
        reason,
        f"its text comes out as {flaw}; run OCR on it: `ingest.reading.ocr: {{kind: ocrmypdf}}` with the"
        " extra `ocr` does it, export it again from its source, or remove it",
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
