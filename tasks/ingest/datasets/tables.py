"""Rows of CSV, TSV and Parquet files.

In: text or a file. Out: each row with its place, and what is no row with the reason. Lines end where the
format ends them and nowhere else: a form feed or U+2028 is part of its cell.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tasks.ingest.datasets.cells import RefusedError, printable
from tasks.ingest.datasets.names import shown
from tasks.kernel.errors import DocumentError

LONGEST_FIELD = 16 * 2**20
Row = dict[str, Any]


def table(
    source: str, text: str, delimiter: str, *, quoted: bool, columns: Sequence[str] | None
) -> Iterator[tuple[int, Row | RefusedError]]:
    """Yield one row a record; raise DocumentError where the header or the quoting cannot be read."""
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=True,
    )
    header = columns
    try:
        for fields in reader:
            if not fields:
                continue
            if header is None:
                header = fields
                require_different(f"{source}:{reader.line_num}", header)
            else:
                yield reader.line_num, _row(header, fields)
    except csv.Error as error:
        raise DocumentError(f"{source}:{reader.line_num}: {error}; correct the line or `quoted`") from error


def parquet(path: Path) -> Iterator[tuple[int, Row | RefusedError]]:
    """Yield the rows of a Parquet file; raise DocumentError where it is none."""
    import pyarrow.parquet
    from pyarrow import ArrowException

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            found = file.read()
    except (ArrowException, OSError, ValueError) as error:
        raise DocumentError(f"{shown(path)}: not a Parquet file ({error}); write it again") from error
    require_different(shown(path), found.column_names)
    try:
        yield from enumerate(found.to_pylist(), 1)
    except (ValueError, OverflowError):
        # A cell has no form in Python: then each row for itself, which takes longer.
        for number in range(found.num_rows):
            yield number + 1, _arrow_row(found, number)


def require_different(place: str, names: Sequence[str]) -> None:
    """Raise DocumentError where two columns have one name but for spaces; nameless ones may be many."""
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        bare = name.strip()
        if bare and bare in seen:
            raise DocumentError(
                f"{place}: the column `{printable(bare)}` stands twice (columns {seen[bare]} and {number});"
                " rename or remove one of them"
            )
        seen[bare] = number


def _row(header: Sequence[str], fields: Sequence[str]) -> Row | RefusedError:
    if len(fields) != len(header):
        names = printable(", ".join(header))
        problem = f"{len(fields)} fields, but {len(header)} columns ({names})"
        return RefusedError("", f"{problem}; correct the line, `columns` or `quoted`")
    return dict(zip(header, fields, strict=True))


def _arrow_row(found: Any, number: int) -> Row | RefusedError:
    row: Row = {}
    for name in found.column_names:
        try:
            row[name] = found[name][number].as_py()
        except (ValueError, OverflowError) as error:
            return RefusedError(name, f"`{name}` cannot be read ({error}); correct the row")
    return row
