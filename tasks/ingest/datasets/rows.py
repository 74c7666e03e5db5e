"""Read the rows of a ready-made data set from local files.

In: a JSONL, JSON, CSV, TSV or Parquet file (text formats also gzipped), or a folder of them. Out: rows by
the data set's own split names. Each row remembers where it stands, and what is no row is there with its
reason, so that nothing goes without an account.
"""

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.ingest.config import DatasetMapping
from tasks.ingest.datasets.cells import RefusedError, printable
from tasks.ingest.datasets.json_rows import json_file, json_lines
from tasks.ingest.datasets.names import DataFile, data_files, shown, suffix
from tasks.ingest.datasets.tables import parquet, table
from tasks.ingest.reading.plain_text import described
from tasks.kernel.errors import DocumentError
from tasks.records.documents import TextEncoding
from tasks.text.encoding import EncodingError, decode

Row = dict[str, Any]
_CHUNK = 2**20


@dataclass(frozen=True)
class Rows:
    """The rows of one split, with the place of each."""

    source: str
    """The file, as a message names it."""
    split: str
    unit: str
    """What a place counts: `line`, or `row` where the format has no lines."""
    rows: tuple[tuple[int, Row | RefusedError], ...]
    name: str = ""
    """The file within the data set, wherever that lies."""
    encoding: TextEncoding | None = None
    """How the file was read; none: as sound UTF-8, or it is no text."""

    def place(self, number: int) -> str:
        """Return where a row stands, as a message names it."""
        return f"{self.source}:{number}" if self.unit == "line" else f"{self.source}, row {number}"


def read_local(source: Path, mapping: DatasetMapping) -> list[Rows]:
    """Return the rows of a file, or of every data file below a folder, by the splits that names tell."""
    splits = () if mapping.split_column else tuple(mapping.splits or ())
    return [_read_file(file, mapping) for file in data_files(source, splits)]


def _read_file(file: DataFile, mapping: DatasetMapping) -> Rows:
    source, kind = shown(file.path), suffix(file.path)
    encoding: TextEncoding | None = None
    unit = "row" if kind in {".json", ".parquet"} else "line"
    rows: Iterable[tuple[int, Row | RefusedError]]
    if kind == ".parquet":
        rows = parquet(file.path)
    else:
        text, encoding = _text(file.path, mapping.encoding)
        match kind:
            case ".json":
                rows = json_file(source, text)
            case ".csv" | ".tsv":
                quoted = kind == ".csv" if mapping.quoted is None else mapping.quoted
                delimiter = "," if kind == ".csv" else "\t"
                rows = table(source, text, delimiter, quoted=quoted, columns=mapping.columns)
            case _:
                rows = json_lines(source, text)
    return Rows(source, file.split, unit, tuple(rows), printable(file.name), encoding)


def _text(path: Path, encoding: str | None) -> tuple[str, TextEncoding | None]:
    """Return the text of a file, with a mark in place of bad bytes, which its cell is refused for."""
    try:
        data = _unpacked(path) if path.suffix.lower() == ".gz" else path.read_bytes()
        found = decode(data, encoding)
        return found.text, None if found.plain else described(found)
    except EncodingError as error:
        remedy = "correct" if encoding else "convert the file to UTF-8, or name its encoding in"
        raise DocumentError(f"{shown(path)}: {error.problem}; {remedy} `dataset.encoding`") from error
    except OSError as error:
        raise DocumentError(f"{shown(path)}: cannot be read ({error}); copy it again") from error


def _unpacked(path: Path) -> bytes:
    """Return the content of a gzip file; raise DocumentError with the line up to which it is whole."""
    read = bytearray()
    try:
        with gzip.open(path) as file:
            while chunk := file.read1(_CHUNK):
                read += chunk
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        line = 1 + read.count(b"\n")
        raise DocumentError(
            f"{shown(path)}:{line}: cannot be read, because its gzip data is damaged ({error}); copy it again"
        ) from error
    return bytes(read)
