"""Find running headers, footers and page numbers, and take them out of a document's pages.

In: pages of lines, walked through twice and never held. Out: the same pages without them. A
line is running when it comes back at the same height at the edge of several pages, whatever
digits it holds; a lone number must also count with the pages.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tasks.ingest.cleaning.lines import Line
from tasks.ingest.cleaning.removed import Removed
from tasks.ingest.config import CleaningConfig, Kind

EDGE_LINES = 3
"""Baselines at the top and at the bottom of a page among which running lines are sought."""
HEIGHT_STEP = 6.0
WORD_LETTERS = 3
PARTS = 2
"""Of a header, such as a page number and a title that is never the same."""
DATA = 0.9
"""A line with fewer letters than this many times its digits is data."""
ENOUGH_PAGES = 3
PAGE_OF = re.compile(
    r"^\W*(page|p\.|pg\.?|seite|s\.)\s*\d+(\s*(of|/|von)\s*\d+)?\W*$|^\d+\s*(of|/|von)\s*\d+$",
    re.IGNORECASE,
)
BARE_NUMBER = re.compile(r"^\W*(\d{1,4})\W*$")

Page = Sequence[Line]
Place = tuple[str, int]
"""Text without its digits, and height in steps."""


@dataclass(frozen=True)
class Running:
    """What stands around the text of one document."""

    repeated: frozenset[Place]
    offsets: frozenset[int]
    """By how much printed page numbers differ from the count of pages."""

    def among(self, edge: Iterable[Line]) -> dict[Line, Kind]:
        """Return the lines at the edge of a page that are no text, and what they are."""
        baselines: defaultdict[tuple[int, int], list[Line]] = defaultdict(list)
        for line in edge:
            baselines[line.turn, round(line.y)].append(line)
        found: dict[Line, Kind] = {}
        for lines in baselines.values():
            kinds = {line: kind for line in lines if (kind := self._kind(line)) is not None}
            # A word or number that comes back among others that do not is a cell of a table.
            if len(lines) <= PARTS or 2 * len(kinds) > len(lines):
                found.update(kinds)
        return found

    def _kind(self, line: Line) -> Kind | None:
        if _is_page_number(line, self.offsets):
            return "page_numbers"
        return "running_lines" if _key(line) in self.repeated else None


def find_running(pages: Iterable[Page], config: CleaningConfig) -> Running:
    """Return what to remove from pages that can be walked through twice."""
    found: Counter[Place] = Counter()
    numbers: Counter[int] = Counter()
    count = 0
    for page in pages:
        count += 1
        edge = _edge(page)
        found.update({place for line in edge for place in _places(line)})
        numbers.update(_differences(edge))
    # Odd and even pages, and chapters, have headers of their own: three pages are enough.
    needed = 2 if count <= ENOUGH_PAGES else ENOUGH_PAGES
    repeated = {place for place, seen in found.items() if seen >= needed}
    offsets = {0} | {offset for offset, seen in numbers.items() if seen >= max(2, count // 3)}
    running = Running(
        frozenset(repeated if config.running_lines else ()), frozenset(offsets if config.page_numbers else ())
    )
    # Pages that are alike from edge to edge are slides of a few lines, or a form.
    return running if any(rest for rest, _ in _split(pages, running)) else Running(frozenset(), frozenset())


def without_running(
    pages: Iterable[Page], running: Running, removed: Removed | None = None
) -> Iterator[Page]:
    """Yield each page without running lines and page numbers; note them in `removed`."""
    for rest, gone in _split(pages, running):
        if removed is not None:
            for kind, line in gone:
                removed.note(kind, line.page, line.text)
        yield rest


def _split(pages: Iterable[Page], running: Running) -> Iterator[tuple[Page, list[tuple[Kind, Line]]]]:
    for page in pages:
        found = running.among(_edge(page))
        gone = [(found[line], line) for line in page if line in found]
        yield [line for line in page if line not in found], gone


def _edge(page: Page) -> set[Line]:
    heights = sorted({(line.turn, round(line.y)) for line in page})
    outer = {*heights[:EDGE_LINES], *heights[-EDGE_LINES:]}
    return {line for line in page if (line.turn, round(line.y)) in outer}


def _places(line: Line) -> list[Place]:
    text, height = _key(line)
    return [(text, height + step) for step in (-1, 0, 1)]


def _key(line: Line) -> Place:
    text = line.text.casefold()
    letters = sum(character.isalpha() for character in text)
    digits = sum(character.isdigit() for character in text)
    # Without words around them, numbers are data: a column of dates is not a running line.
    words = letters >= max(WORD_LETTERS, DATA * digits)
    return re.sub(r"\d+", "#", text) if words else text, round(line.y / HEIGHT_STEP)


def _differences(edge: Iterable[Line]) -> set[int]:
    return {int(match[1]) - line.page for line in edge if (match := BARE_NUMBER.match(line.text))}


def _is_page_number(line: Line, offsets: frozenset[int]) -> bool:
    if not offsets:
        return False
    if PAGE_OF.match(line.text):
        return True
    match = BARE_NUMBER.match(line.text)
    return match is not None and int(match[1]) - line.page in offsets
