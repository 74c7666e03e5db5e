"""Lines from the pieces of text that PDFium finds, whose widths it knows.

In: pieces in the order in which they are drawn, with their bounds. Out: lines in the same
order, one for each baseline and table cell. Right-to-left pieces come in logical order
already; where several make a line, the rightmost is the first.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tasks.ingest.lines import CELL_GAP, Line, clean, place, turned_last

WORD_GAP = 0.22
"""Space between two pieces, in font sizes, that stands for a space between words."""
SAME_BASELINE = 0.3
FORWARD, BACKWARD = frozenset({"L"}), frozenset({"R", "AL"})
MARKS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True)
class Piece:
    """What one drawing command wrote."""

    text: str
    matrix: tuple[float, ...]
    font_size: float
    font: str
    length: float
    """How far it reaches along its reading direction, in points; 0 where that is not known."""


@dataclass(frozen=True)
class _Placed:
    line: Line
    end: float
    """Where it ends along its reading direction."""


def join_pieces(pieces: Iterable[Piece], page: int) -> list[Line]:
    """Return the lines of a page."""
    rows: list[list[_Placed]] = []
    for piece in pieces:
        line = place(piece.text, page, piece.matrix, piece.font_size, piece.font)
        placed = _Placed(line, line.x + piece.length if piece.length else line.right)
        if rows and _goes_on(rows[-1], placed):
            rows[-1].append(placed)
        else:
            rows.append([placed])
    lines = (_line(row) for row in rows)
    return turned_last([line for line in lines if line.text])


def _goes_on(row: Sequence[_Placed], piece: _Placed) -> bool:
    """Tell whether a piece stands in the same line and cell as those before it."""
    last = row[-1]
    size = max(last.line.size, piece.line.size)
    if piece.line.turn != last.line.turn or abs(piece.line.y - last.line.y) > SAME_BASELINE * size:
        return False
    gap = piece.line.x - last.end
    if -size <= gap <= CELL_GAP * size:
        return True
    back = last.line.x - piece.end
    return -size <= back <= CELL_GAP * size and _is_backward([*row, piece])


def _line(row: Sequence[_Placed]) -> Line:
    backward = _is_backward(row)
    ordered = sorted(row, key=lambda placed: placed.line.x, reverse=backward)
    if not backward:
        # Overlapping pieces, such as a bold print made of two, keep the order in which they are drawn.
        ordered = list(row)
    text = "".join(_glued(ordered, backward=backward))
    main = max(row, key=lambda placed: sum(map(str.isalnum, placed.line.text))).line
    worded = [placed.line for placed in row if MARKS.sub("", placed.line.text)]
    start = min(placed.line.x for placed in row)
    bold = all(line.bold for line in worded or [main])
    return replace(main, text=clean(text), x=start, bold=bold)


def _glued(row: Sequence[_Placed], *, backward: bool) -> Iterator[str]:
    yield row[0].line.text
    for one, other in pairwise(row):
        gap = one.line.x - other.end if backward else other.line.x - one.end
        apart = gap > WORD_GAP * max(one.line.size, other.line.size)
        spaced = one.line.text[-1:].isspace() or other.line.text[:1].isspace()
        yield (" " if apart and not spaced else "") + other.line.text


def _is_backward(row: Sequence[_Placed]) -> bool:
    """Tell whether most letters are of a script that runs from right to left."""
    kinds = [unicodedata.bidirectional(character) for placed in row for character in placed.line.text]
    return sum(kind in BACKWARD for kind in kinds) > sum(kind in FORWARD for kind in kinds)
