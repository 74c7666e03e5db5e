"""What a document looks like: its body size, line spacing and column widths.

In: all lines of a document. Out: the measures against which one decides whether two lines
belong to one paragraph and whether a paragraph is a heading. They are taken from the
document itself, because no fixed number fits both a leaflet and a book.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tasks.ingest.cleaning.lines import Line
from tasks.text.segments import first_word

USUAL_SPACING = 1.25
ENOUGH_GAPS = 3
SAME_PARAGRAPH = 1.2
"""Spacing up to this many times the usual one lies within a paragraph."""
FULL_LINE, SURELY_FULL = 0.9, 0.96
"""A line is full where the next word would have passed this share of its column: widths are estimates."""


@dataclass(frozen=True)
class Typography:
    """Measures of one document."""

    body_size: float
    spacings: dict[float, float]
    """Usual distance of baselines by font size."""
    rights: dict[tuple[int, int, float], float]
    """Right end of the longest line by page, left edge and font size."""

    def spacing(self, line: Line) -> float:
        """Return the usual distance from a line to the next one of its paragraph."""
        return self.spacings.get(_size(line), USUAL_SPACING * line.size)

    def is_full(self, line: Line, following: Line, share: float = FULL_LINE) -> bool:
        """Tell whether the line was broken because the next word did not fit."""
        right = self.rights.get(_column(line), line.right)
        word = first_word(following.text)
        end = line.right + line.size * 0.5 * (1 + len(word))
        return end - line.x >= share * (right - line.x)


def measure(lines: Iterable[Line]) -> Typography:
    """Return the measures of a document's lines, which are walked through three times."""
    return Typography(_body_size(lines), _spacings(lines), _rights(lines))


def _body_size(lines: Iterable[Line]) -> float:
    characters: Counter[float] = Counter()
    for line in lines:
        characters[_size(line)] += len(line.text)
    return max(characters, key=lambda size: (characters[size], size), default=10.0)


def _spacings(lines: Iterable[Line]) -> dict[float, float]:
    found: defaultdict[float, list[float]] = defaultdict(list)
    for upper, lower in pairwise(lines):
        gap = upper.y - lower.y
        if _size(upper) == _size(lower) and 0.9 * upper.size <= gap <= 2.2 * upper.size:
            found[_size(upper)].append(gap)
    return {size: median(gaps) for size, gaps in found.items() if len(gaps) >= ENOUGH_GAPS}


def _rights(lines: Iterable[Line]) -> dict[tuple[int, int, float], float]:
    rights: dict[tuple[int, int, float], float] = {}
    for line in lines:
        rights[_column(line)] = max(rights.get(_column(line), 0.0), line.right)
    return rights


def _column(line: Line) -> tuple[int, int, float]:
    return line.page, round(line.x / 6), _size(line)


def _size(line: Line) -> float:
    return round(2 * line.size) / 2
