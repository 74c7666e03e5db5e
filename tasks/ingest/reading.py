"""Read PDF files into pages of lines.

In: a folder of PDFs or one PDF. Out: documents, or a DocumentError with the file and the
remedy. Everything that a damaged file can make the parser do (raise anything, loop) ends
here, so that the rest of the stage only sees text.
"""

import hashlib
import signal
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

from tasks.errors import DocumentError
from tasks.ingest.lines import Line, assemble, place

PAGE_SECONDS = 60.0
"""No honest page takes a tenth of this; a loop in a damaged one would take for ever."""
# pypdf lets whatever its own code trips over on damaged files through.
PARSER_FAILURES = (
    PyPdfError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Document:
    """A readable document: its name in the library, the SHA-256 of its bytes and its pages."""

    name: str
    digest: str
    pages: tuple[tuple[Line, ...], ...]


class _OvertimeError(BaseException):
    """Not an Exception: pypdf swallows those in places."""


def find_documents(source: Path) -> list[tuple[str, Path]]:
    """Return name and path of every PDF below `source`, or of `source` itself, sorted by name.

    Raises DocumentError where there is none.
    """
    if source.is_file():
        return [(source.name, source)]
    if not source.is_dir():
        raise DocumentError(
            f"{source}: no such folder; put the domain's PDF files there or correct `documents`"
        )
    files = [path for path in source.rglob("*") if path.suffix.lower() == ".pdf" and path.is_file()]
    named = sorted(
        (path.relative_to(source).as_posix(), path) for path in files if not path.name.startswith(".")
    )
    if not named:
        raise DocumentError(f"{source}: no *.pdf in this folder; put the domain's PDF files there")
    return named


def read_document(name: str, path: Path, on_page: Callable[[int], None]) -> Document:
    """Read one PDF, calling `on_page` with each page's number; raise DocumentError where that fails."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read ({error.strerror}); correct its permissions") from error
    if not data:
        raise DocumentError(f"{path}: the file is empty; copy it again or remove it")
    pages = tuple(_pages(path, on_page))
    _require_text(path, pages)
    return Document(name, hashlib.sha256(data).hexdigest(), pages)


def _pages(path: Path, on_page: Callable[[int], None]) -> Iterator[tuple[Line, ...]]:
    with _explained(path, "the file"):
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileNotDecryptedError("a password is needed")
        pages = list(reader.pages)
    if not pages:
        raise DocumentError(f"{path}: has no pages; export it again from its source, or remove it")
    for number, page in enumerate(pages, 1):
        with _explained(path, f"page {number}"):
            lines = assemble(_pieces(page, number))
        on_page(number)
        yield tuple(lines)


def _pieces(page: PageObject, number: int) -> list[Line]:
    pieces: list[Line] = []

    def visit(
        text: str, cm: list[float], tm: list[float], font: dict[str, object] | None, size: float
    ) -> None:
        if text:
            matrix = _product(tm, cm)
            pieces.append(place(text, number, matrix, size, str((font or {}).get("/BaseFont", ""))))

    page.extract_text(visitor_text=visit)
    return pieces


def _product(m: list[float], n: list[float]) -> tuple[float, ...]:
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


@contextmanager
def _explained(path: Path, part: str) -> Iterator[None]:
    """Turn every failure of the parser into a DocumentError that says what to do with the file."""
    try:
        with _time_limit(PAGE_SECONDS):
            yield
    except DependencyError as error:
        raise DocumentError(f"{path}: encrypted with AES; install `cryptography`, or decrypt it") from error
    except FileNotDecryptedError as error:
        raise DocumentError(
            f"{path}: encrypted; decrypt it (save a copy without password) or remove it"
        ) from error
    except _OvertimeError as error:
        raise DocumentError(
            f"{path}: {part} takes over {PAGE_SECONDS:.0f} s to read; print it to a new PDF or remove it"
        ) from error
    except PARSER_FAILURES as error:
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        raise DocumentError(
            f"{path}: {part} is damaged or truncated ({reason}); copy or export it again, or remove it"
        ) from error


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the body after `seconds`; only the main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signum: int, _frame: FrameType | None) -> None:
        raise _OvertimeError

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _require_text(path: Path, pages: tuple[tuple[Line, ...], ...]) -> None:
    text = "".join(line.text for page in pages for line in page)
    if not any(character.isalpha() for character in text):
        raise DocumentError(
            f"{path}: no text in it (scanned pages?); run OCR first, e.g. ocrmypdf, or remove it"
        )
    unknown = sum(character == "\ufffd" or "\ue000" <= character <= "\uf8ff" for character in text)
    if unknown > 0.3 * len(text):
        raise DocumentError(
            f"{path}: its fonts do not say which letters they draw; run OCR on it, or remove it"
        )
