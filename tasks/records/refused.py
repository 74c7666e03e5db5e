"""Rows of a data set that were refused: `refused_rows.jsonl` of ingestion, where there are any."""

from tasks.records.files import Record

FILE = "refused_rows.jsonl"


class RefusedRow(Record):
    """A row that became no example, although it was meant to."""

    file: str
    """Path within the data set; for one of the hub, its name and split."""
    line: int | None = None
    row: int | None = None
    """Counted from 1, in formats without lines."""
    field: str = ""
    """The column or path that is at fault; empty: the row as a whole."""
    reason: str
    """What is wrong; what to do."""
