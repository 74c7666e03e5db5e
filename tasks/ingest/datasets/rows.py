"""Read the rows of a ready-made data set from local files or the hub.

In: a JSONL, JSON, CSV, TSV or Parquet file (text formats also gzipped), a folder of them, or
a name on the hub. Out: rows by the data set's own split names. Each row remembers where it
stands, so that an error names file and line.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.ingest.config import DatasetMapping
from tasks.kernel.errors import DocumentError

Row = dict[str, Any]
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
KEY_COLUMN = "key"
"""Where a JSON file is an object of rows: the column with their keys."""
LONGEST_FIELD = 16 * 2**20


@dataclass(frozen=True)
class Rows:
    """The rows of one split, with the place of each."""

    source: str
    split: str
    unit: str
    """What a place counts: `line`, or `row` where the format has no lines."""
    rows: tuple[tuple[int, Row], ...]


def read_local(source: Path, mapping: DatasetMapping) -> list[Rows]:
    """Return the rows of a file, or of every data file in a folder, with the file's stem as split."""
    if source.is_dir():
        files = sorted(path for path in source.iterdir() if _suffix(path) in SUFFIXES)
        if not files:
            raise DocumentError(f"{source}: no data file; put a {', '.join(SUFFIXES)} file there")
        return [_read_file(path, mapping) for path in files]
    if not source.is_file():
        raise DocumentError(f"{source}: no such file; correct the data set's path")
    if _suffix(source) not in SUFFIXES:
        raise DocumentError(f"{source}: not a data set; give a {', '.join(SUFFIXES)} file")
    return [_read_file(source, mapping)]


def read_hub(mapping: DatasetMapping) -> list[Rows]:
    """Return the rows of every split of a hub data set, with class labels by their names."""
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        found = load_dataset(mapping.hub, mapping.subset, revision=mapping.revision)
    except (DatasetsError, HfHubHTTPError, OSError, ValueError) as error:
        raise DocumentError(
            f"data set {mapping.hub}: cannot be loaded from the hub or its cache ({type(error).__name__}:"
            f" {error}); check name, subset and revision, download it first, or give a local file"
        ) from error
    return [_hub_rows(f"{mapping.hub}[{split}]", split, found[split]) for split in found]


def _hub_rows(source: str, split: str, table: Any) -> Rows:
    from datasets import ClassLabel

    labels = {name: kind for name, kind in table.features.items() if isinstance(kind, ClassLabel)}
    rows = tuple((number, {**row, **_named(row, labels)}) for number, row in enumerate(table, 1))
    return Rows(source, str(split), "row", rows)


def _named(row: Row, labels: dict[str, Any]) -> Row:
    """Return the row's class labels by name; -1 stands for a missing label."""
    return {
        name: kind.int2str(row[name]) if row[name] is not None and row[name] >= 0 else None
        for name, kind in labels.items()
    }


def _read_file(path: Path, mapping: DatasetMapping) -> Rows:
    suffix, stem = _suffix(path), path.name.split(".")[0]
    if suffix == ".parquet":
        return Rows(str(path), stem, "row", tuple(_parquet(path)))
    text = _text(path)
    match suffix:
        case ".json":
            return Rows(str(path), stem, "row", tuple(_json(path, text)))
        case ".csv" | ".tsv":
            return Rows(str(path), stem, "line", tuple(_table(path, text, suffix, mapping)))
        case _:
            return Rows(str(path), stem, "line", tuple(_json_lines(path, text)))


def _suffix(path: Path) -> str:
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return plain.suffix.lower()


def _text(path: Path) -> str:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        raise DocumentError(f"{path}:{line}: not UTF-8; convert the file to UTF-8") from error
    except (OSError, EOFError) as error:
        raise DocumentError(f"{path}: cannot be read ({error}); copy it again") from error


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DocumentError(
                f"{path}:{number}: not JSON ({error.msg}); correct or remove this line"
            ) from error
        if not isinstance(row, dict):
            raise DocumentError(f"{path}:{number}: not a JSON object; correct or remove this line")
        yield number, row


def _json(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{path}:{error.lineno}: not JSON ({error.msg}); correct the file") from error
    if isinstance(value, dict) and value and all(isinstance(row, dict) for row in value.values()):
        value = [{KEY_COLUMN: key, **row} for key, row in value.items()]
    elif isinstance(value, dict):
        tables = [rows for rows in value.values() if isinstance(rows, list)]
        value = tables[0] if len(tables) == 1 else None
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise DocumentError(f"{path}: no list of rows; write a list of objects, or an object of objects")
    yield from enumerate(value, 1)


def _table(path: Path, text: str, suffix: str, mapping: DatasetMapping) -> Iterator[tuple[int, Row]]:
    quoted = suffix == ".csv" if mapping.quoted is None else mapping.quoted
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(
        text.splitlines(keepends=True),
        delimiter="," if suffix == ".csv" else "\t",
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=True,
    )
    header = mapping.columns
    try:
        for fields in reader:
            if not fields:
                continue
            if header is None:
                header = fields
            elif len(fields) != len(header):
                raise DocumentError(
                    f"{path}:{reader.line_num}: {len(fields)} fields, but {len(header)} columns"
                    f" ({', '.join(header)}); correct the line, `columns` or `quoted`"
                )
            else:
                yield reader.line_num, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise DocumentError(f"{path}:{reader.line_num}: {error}; correct the line or `quoted`") from error


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    import pyarrow.parquet
    from pyarrow import ArrowException

    try:
        rows = pyarrow.parquet.read_table(path).to_pylist()
    except (ArrowException, OSError, ValueError) as error:
        raise DocumentError(f"{path}: not a Parquet file ({error}); write it again") from error
    yield from enumerate(rows, 1)
