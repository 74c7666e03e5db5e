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
from pathlib import Path
from typing import assert_never

from pydantic import BaseModel

from tasks.ingest.reading.page_files import Found, OpenPdf, write_blocks, write_pages
from tasks.ingest.reading.reasons import Reason, UnreadableError
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
"""What OCR may mend: pictures of text, and text that is drawn as curves."""


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
        if error.reason not in WITHOUT_TEXT or isinstance(request.config.ocr, NoOcr):
            raise
        return _recognised(request, request.config.ocr, emit)
    if found.scanned_pages and isinstance(request.config.ocr, OcrMyPdf):
        return _recognised(request, request.config.ocr, emit)
    return found


def _recognised(request: Request, ocr: OcrMyPdf, emit: Emit) -> Found:
    from tasks.ingest.reading.ocr import recognise

    with_text = request.out.with_suffix(".ocr.pdf")
    emit(Event(recognising=True))
    try:
        recognise(request.path, with_text, ocr, _password(request))
        return _read_pdf(request, with_text, emit).model_copy(update={"recognised": True})
    except UnreadableError as error:
        if error.reason not in WITHOUT_TEXT:
            raise
        raise UnreadableError(
            Reason.OCR_FAILED, "OCR finds no text in it; scan it again, or remove it"
        ) from error
    finally:
        with_text.unlink(missing_ok=True)


def _read_pdf(request: Request, path: Path, emit: Emit) -> Found:
    emit(Event(page=0))
    pdf = _opened(request.config.backend, path, _password(request))
    return write_pages(request.out, pdf, request.config.limits.pages, lambda page: emit(Event(page=page)))


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
