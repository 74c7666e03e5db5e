"""Turn what a PDF parser trips over into a named reason.

In: the parser's own failure. Out: an UnreadableError. Parsers let whatever their code
stumbles on in damaged files through, so the list of failures is long, and is kept once.
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError

from tasks.ingest.reading.reasons import Reason, UnreadableError

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
_EDGE_BYTES = 2048
"""The marks of a PDF's beginning and end stand within so many bytes of them."""


def require_pdf(path: Path) -> None:
    """Raise UnreadableError where the file does not begin as a PDF does."""
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(_EDGE_BYTES):
            raise UnreadableError(
                Reason.WRONG_FORMAT, "is not a PDF, whatever its name says; get the real file, or remove it"
            )


@contextmanager
def explained(path: Path, part: str) -> Iterator[None]:
    """Turn every failure of the parser within the body into an UnreadableError."""
    try:
        yield
    except UnreadableError:
        raise
    except PARSER_FAILURES as error:
        raise _reason(path, part, error) from error


def locked(password: str | None) -> UnreadableError:
    """Return what to do about an encrypted file that did not open with `password`."""
    if password is None:
        return UnreadableError(
            Reason.ENCRYPTED,
            "encrypted; name the environment variable with its password in reading.password_variables,"
            " decrypt it (save a copy without password), or remove it",
        )
    return UnreadableError(
        Reason.WRONG_PASSWORD,
        "encrypted, and the password in the environment variable that reading.password_variables names"
        " is wrong; correct it",
    )


def _reason(path: Path, part: str, error: Exception) -> UnreadableError:
    message = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, DependencyError):
        return UnreadableError(Reason.ENCRYPTED, "encrypted with AES; install `cryptography`, or decrypt it")
    if isinstance(error, FileNotDecryptedError):
        return locked(None)
    if isinstance(error, RecursionError) or "cycl" in str(error).lower():
        return UnreadableError(
            Reason.CYCLIC,
            f"{part} refers to itself or is nested without end ({message}); export it again, or remove it",
        )
    if isinstance(error, LimitReachedError):
        return UnreadableError(
            Reason.TOO_LARGE,
            f"{part} unpacks to more than is sane ({message}); print it to a new PDF, or remove it",
        )
    if not _is_whole(path):
        return UnreadableError(
            Reason.TRUNCATED,
            f"{part} cannot be read, for the file is truncated ({message}); copy it again, or remove it",
        )
    return UnreadableError(
        Reason.DAMAGED, f"{part} is damaged ({message}); copy or export it again, or remove it"
    )


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _EDGE_BYTES))
        return b"%%EOF" in file.read()
