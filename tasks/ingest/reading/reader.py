"""The reading process: `python -m tasks.ingest.reading.reader REQUEST` reads one file and ends.

In: a request file. Out: pages or blocks in a JSON Lines file, and events on standard output,
the last of which says what was found or why there is nothing. It limits its own memory
before a parser is loaded; time is the parent's business, because native code cannot be
interrupted from within.
"""

import logging
import os
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import assert_never

from pydantic import BaseModel

from tasks.ingest.reading.page_files import Found, OpenPdf, SecondOpinion, write_blocks, write_pages
from tasks.ingest.reading.page_quality import Page
from tasks.ingest.reading.reasons import Reason, UnreadableError, more_telling
from tasks.ingest.reading_config import (
    Backend,
    Format,
    NoOcr,
    OcrMyPdf,
    PdfiumBackend,
    PypdfBackend,
    ReadingConfig,
)

MEGABYTE = 2**20
WITHOUT_TEXT = frozenset({Reason.SCANNED, Reason.NO_TEXT})
"""Pictures of text, and text that is drawn as curves."""
WITH_THE_OTHER = WITHOUT_TEXT | {
    Reason.TRUNCATED,
    Reason.DAMAGED,
    Reason.CYCLIC,
    Reason.NO_PAGES,
    Reason.ENCRYPTED,
}
"""What may be the parser's want of knowledge and not the file's."""
OCR_MAY_MEND = WITHOUT_TEXT | {Reason.NO_UNICODE, Reason.RUN_TOGETHER}


class Request(BaseModel):
    """What the reading process is to do."""

    path: Path
    format: Format
    config: ReadingConfig
    password_variable: str | None
    encoding: str | None = None
    """What the configuration says of it."""
    out: Path
    """File for pages or blocks; its neighbours with other suffixes are scratch."""


class Event(BaseModel):
    """One line from the reading process: exactly one field is set."""

    page: int | None = None
    """So many pages are read; 0 where reading begins."""
    recognising: bool | None = None
    """Optical character recognition begins."""
    found: Found | None = None
    refused: tuple[Reason, str] | None = None
    """What is wrong; what to do."""


Emit = Callable[[Event], None]


def main(request_file: str) -> int:
    """Do what the request file says; return the exit code."""
    request = Request.model_validate_json(Path(request_file).read_bytes())
    # Native libraries may write to standard output too.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)

    def emit(event: Event) -> None:
        events.write(event.model_dump_json(exclude_none=True) + "\n")

    limit_memory(request.config.limits.memory_megabytes)
    try:
        emit(Event(found=read(request, emit)))
    except UnreadableError as error:
        emit(Event(refused=(error.reason, error.problem)))
    except MemoryError:
        emit(Event(refused=(Reason.TOO_LARGE, out_of_memory(request.config))))
    return 0


def limit_memory(megabytes: int) -> None:
    """Let this process and its children reserve so many MiB each, where the system can enforce it."""
    size = megabytes * MEGABYTE
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if sys.platform == "linux" and (hard == resource.RLIM_INFINITY or size < hard):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    # A text that unpacks to more than this is a bomb too, and would fill the disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def out_of_memory(config: ReadingConfig) -> str:
    """Return what to do about a file that needs more memory than it may have."""
    return (
        f"needs more than {config.limits.memory_megabytes} MiB of memory to read (a decompression bomb?);"
        " print it to a new PDF, raise reading.limits.memory_megabytes, or remove it"
    )


def read(request: Request, emit: Emit) -> Found:
    """Write the content of a file and describe it; raise UnreadableError where there is none."""
    if request.format != "pdf":
        from tasks.ingest.reading.pandoc import read_blocks
        from tasks.ingest.reading.plain_text import read_text

        emit(Event(page=0))
        text, encoding = read_text(request.path, request.format, request.encoding)
        found = write_blocks(request.out, read_blocks(request.path, request.format, text))
        return found.model_copy(update={"encoding": encoding})
    try:
        found = _read_pdf(request, request.path, emit)
    except UnreadableError as error:
        if error.reason not in OCR_MAY_MEND or isinstance(request.config.ocr, NoOcr):
            raise
        return _recognised(request, request.config.ocr, emit, [] if error.reason in WITHOUT_TEXT else None)
    pages = {*found.scanned_pages, *found.unreadable_pages}
    if pages and isinstance(request.config.ocr, OcrMyPdf):
        return _recognised(request, request.config.ocr, emit, sorted(pages) if found.unreadable_pages else [])
    return found


def _recognised(request: Request, ocr: OcrMyPdf, emit: Emit, garbled: list[int] | None) -> Found:
    """Read what OCR makes of a file: of its `garbled` pages in any case (none: of all), and of pictures."""
    from tasks.ingest.reading.ocr import recognise

    with_text = request.out.with_suffix(".ocr.pdf")
    emit(Event(recognising=True))
    try:
        recognise(request.path, with_text, ocr, _password(request), garbled)
        return _read_pdf(request, with_text, emit).model_copy(update={"recognised": True})
    except UnreadableError as error:
        if error.reason not in OCR_MAY_MEND:
            raise
        raise UnreadableError(
            Reason.OCR_FAILED, "OCR finds no text in it; scan it again, or remove it"
        ) from error
    finally:
        with_text.unlink(missing_ok=True)


def _read_pdf(request: Request, path: Path, emit: Emit) -> Found:
    """Read a PDF with the first parser, or as a whole with the second where the first gets nothing of it."""
    emit(Event(page=0))
    config, password = request.config, _password(request)
    second = _SecondParser(config, path, password) if config.second_opinion else None

    def write(pdf: OpenPdf, opinion: SecondOpinion | None) -> Found:
        return write_pages(
            request.out, pdf, config.limits.pages, lambda page: emit(Event(page=page)), opinion
        )

    try:
        return write(_opened(config.backend, path, password), second.page if second else None)
    except UnreadableError as error:
        if second is None or error.reason not in WITH_THE_OTHER:
            raise
        try:
            return write(second.all_of_it(), None).model_copy(update={"failure": error.reason.value})
        except UnreadableError as second_error:
            raise more_telling(error, second_error) from error


class _SecondParser:
    """The other parser, which opens a file when it is asked for the first time."""

    def __init__(self, config: ReadingConfig, path: Path, password: str | None) -> None:
        self._open = partial(_opened, config.other_parser().backend, path, password)
        self._opened: list[OpenPdf | UnreadableError] = []

    def file(self) -> OpenPdf | UnreadableError:
        """Return the open file, or why this parser cannot open it either."""
        if not self._opened:
            try:
                self._opened.append(self._open())
            except UnreadableError as error:
                self._opened.append(error)
        return self._opened[0]

    def all_of_it(self) -> OpenPdf:
        """Return the open file; raise UnreadableError where this parser cannot open it either."""
        pdf = self.file()
        if isinstance(pdf, UnreadableError):
            raise pdf
        return pdf

    def page(self, number: int) -> Page | None:
        """Return a page, or none where this parser cannot read it either."""
        pdf = self.file()
        if isinstance(pdf, UnreadableError) or number > pdf.count:
            return None
        try:
            return pdf.page(number)
        except (UnreadableError, MemoryError):
            return None


def _opened(backend: Backend, path: Path, password: str | None) -> OpenPdf:
    match backend:
        case PypdfBackend():
            from tasks.ingest.reading import pypdf_pages

            return pypdf_pages.open_pages(path, password)
        case PdfiumBackend():
            from tasks.ingest.reading import pdfium_pages

            return pdfium_pages.open_pages(path, password)
        case _:
            assert_never(backend)


def _password(request: Request) -> str | None:
    return os.environ[request.password_variable] if request.password_variable else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
