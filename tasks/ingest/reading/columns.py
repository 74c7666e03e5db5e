"""Bring columns that a PDF draws row by row into reading order.

In: the lines of a page as they are drawn. Out: the same lines, each column from top to
bottom. Most programs draw one column after the other, and nothing changes; where both
columns alternate, long lines on both sides tell prose from the cells of a table.
"""

from collections.abc import Sequence
from itertools import chain, pairwise

from tasks.ingest.cleaning.lines import Line

FEWEST_ROWS = 6
"""Rows in a run that make columns of it."""
PROSE_CHARACTERS = 24
"""A line of a column of prose is longer than this, on average."""
SAME_BASELINE = 0.4
WIDEST_STEP = 3.0
"""Distance of two rows of a column at most, in font sizes."""

Row = list[Line]


def order_columns(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a page in reading order."""
    return list(chain.from_iterable(_in_order(run) for run in _runs(_rows(lines))))


def _rows(lines: Sequence[Line]) -> list[Row]:
    """Group lines that are drawn one after the other on one baseline, from left to right."""
    rows: list[Row] = []
    for line in lines:
        if rows and _beside(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _beside(last: Line, line: Line) -> bool:
    same = last.turn == line.turn and abs(last.y - line.y) <= SAME_BASELINE * min(last.size, line.size)
    return same and line.x > last.x + last.size


def _runs(rows: Sequence[Row]) -> list[list[Row]]:
    """Group rows that go on below each other with the same columns."""
    runs: list[list[Row]] = []
    for before, row in zip([None, *rows], rows, strict=False):
        if before is not None and _goes_on(before, row):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _goes_on(before: Row, row: Row) -> bool:
    if len(before) != len(row) or len(row) == 1:
        return False
    step = before[0].y - row[0].y
    aligned = all(
        abs(one.x - other.x) <= 2 * one.size and abs(one.size - other.size) < 1
        for one, other in zip(before, row, strict=True)
    )
    return aligned and 0 < step <= WIDEST_STEP * row[0].size


def _in_order(run: Sequence[Row]) -> list[Line]:
    columns = list(zip(*run, strict=True))
    apart = all(
        max(line.right for line in left) <= min(line.x for line in right) + right[0].size
        for left, right in pairwise(columns)
    )
    prose = all(sum(len(line.text) for line in column) > PROSE_CHARACTERS * len(column) for column in columns)
    if len(run) >= FEWEST_ROWS and apart and prose:
        return list(chain.from_iterable(columns))
    return list(chain.from_iterable(run))
