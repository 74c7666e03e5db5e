"""Take running headers, footers and page numbers out of a document's pages.

In: pages of lines. Out: the same pages without them, and how many went. A line is running
when it comes back at the same height at the edge of several pages, whatever digits it
holds; a lone number must also count with the pages.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from tasks.ingest.lines import Line

EDGE_LINES = 3
"""Baselines at the top and at the bottom of a page among which running lines are sought."""
HEIGHT_STEP = 6.0
WORD_LETTERS = 3
ENOUGH_PAGES = 3
PAGE_OF = re.compile(
    r"^\W*(page|p\.|pg\.?|seite|s\.)\s*\d+(\s*(of|/|von)\s*\d+)?\W*$|^\d+\s*(of|/|von)\s*\d+$",
    re.IGNORECASE,
)
BARE_NUMBER = re.compile(r"^\W*(\d{1,4})\W*$")

Pages = Sequence[Sequence[Line]]


def remove_running_lines(pages: Pages) -> tuple[list[list[Line]], int, int]:
    """Return the pages without running lines, the number of running lines and of page numbers removed."""
    edges = [_edge(page) for page in pages]
    repeated = _repeated(edges)
    offsets = _number_offsets(edges)
    kept, running, numbers = [], 0, 0
    for page, edge in zip(pages, edges, strict=True):
        rest: list[Line] = []
        for line in page:
            if line in edge and _is_page_number(line, offsets):
                numbers += 1
            elif line in edge and _key(line) in repeated:
                running += 1
            else:
                rest.append(line)
        kept.append(rest)
    if not any(kept):
        # Pages that are alike from edge to edge: slides of a few lines, or a form.
        return [list(page) for page in pages], 0, 0
    return kept, running, numbers


def _edge(page: Sequence[Line]) -> set[Line]:
    heights = sorted({(line.turn, round(line.y)) for line in page})
    outer = {*heights[:EDGE_LINES], *heights[-EDGE_LINES:]}
    return {line for line in page if (line.turn, round(line.y)) in outer}


def _repeated(edges: Sequence[set[Line]]) -> set[tuple[str, int]]:
    """Return text and height of the lines that come back on enough pages."""
    places: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for edge in edges:
        for line in edge:
            for step in (-1, 0, 1):
                places[_key(line)[0], _key(line)[1] + step].add(line.page)
    # Odd and even pages, and chapters, have headers of their own: three pages are enough.
    needed = 2 if len(edges) <= ENOUGH_PAGES else ENOUGH_PAGES
    return {place for place, found in places.items() if len(found) >= needed}


def _key(line: Line) -> tuple[str, int]:
    text = line.text.casefold()
    letters = sum(character.isalpha() for character in text)
    # Without a word around them, numbers are data: a column of dates is not a running line.
    return re.sub(r"\d+", "#", text) if letters >= WORD_LETTERS else text, round(line.y / HEIGHT_STEP)


def _number_offsets(edges: Sequence[set[Line]]) -> set[int]:
    """Return by how much printed page numbers differ from the count of pages, where they do so twice."""
    found: Counter[int] = Counter()
    for edge in edges:
        found.update({int(match[1]) - line.page for line in edge if (match := BARE_NUMBER.match(line.text))})
    return {0} | {offset for offset, count in found.items() if count >= max(2, len(edges) // 3)}


def _is_page_number(line: Line, offsets: set[int]) -> bool:
    if PAGE_OF.match(line.text):
        return True
    match = BARE_NUMBER.match(line.text)
    return match is not None and int(match[1]) - line.page in offsets
