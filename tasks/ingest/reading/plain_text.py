"""The text of a file that is nothing but text, and in which encoding it was read.

In: a file, and what the configuration says of its encoding. Out: the text, and how it was read where that is
to be told; or an UnreadableError. Whoever parses it afterwards is given characters and no bytes.
"""

from pathlib import Path

from tasks.ingest.reading.reasons import Reason, UnreadableError
from tasks.ingest.reading_config import Format
from tasks.records.documents import TextEncoding
from tasks.text.encoding import BAD, Decoded, EncodingError, decode

PLAIN = frozenset[Format]({"text", "markdown", "html"})
MOST_LINES = 5
"""Of those with bad bytes, so many are told."""


def read_text(path: Path, kind: Format, encoding: str | None = None) -> tuple[str, TextEncoding | None]:
    """Return what a file of plain text says, and how it was read where that is to be told.

    The text of EPUB and DOCX is pandoc's to find. Raises UnreadableError where the file is no text, or in no
    encoding that can be told; `encoding` is what the configuration says.
    """
    if kind not in PLAIN:
        return "", None
    data = path.read_bytes()
    try:
        found = decode(data, encoding, markup=kind != "text")
    except EncodingError as error:
        raise _no_text() if b"\0" in data and not encoding else _undecoded(error, encoding) from error
    if "\0" in found.text:
        raise _no_text()
    return found.text.replace(BAD, "\ufffd"), None if found.plain else described(found)


def _no_text() -> UnreadableError:
    return UnreadableError(
        Reason.WRONG_FORMAT, "is not text, whatever its name says; get the real file, or remove it"
    )


def described(found: Decoded) -> TextEncoding:
    """Return how a text was read, for the account."""
    unusual = {
        "confidence": found.confidence,
        "replaced": len(found.bad_lines),
        "replaced_lines": list(found.bad_lines[:MOST_LINES]),
        "contradicted": found.contradicted,
    }
    used = {name: value for name, value in unusual.items() if value}
    return TextEncoding.model_validate({"name": found.encoding, "how": found.how, **used})


def _undecoded(error: EncodingError, encoding: str | None) -> UnreadableError:
    if encoding is not None:
        return UnreadableError(
            Reason.WRONG_ENCODING, f"is {error.problem}; correct `ingest.reading.encodings`"
        )
    return UnreadableError(
        Reason.UNKNOWN_ENCODING,
        f"is {error.problem}; convert it to UTF-8, name its encoding in `ingest.reading.encodings`, or"
        " remove it",
    )
