"""Paragraphs, headings, list items and table rows, from a document's lines.

In: lines in reading order, without running ones. Out: blocks with their text and the pages
on which each part of it stands. A paragraph runs on across columns and pages when it stops
in mid-sentence and the next line starts in lower case.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from tasks.ingest.hyphens import Hyphenation, breaks_words, join_texts
from tasks.ingest.lines import Line
from tasks.ingest.typography import FULL_LINE, SAME_PARAGRAPH, SURELY_FULL, Typography, measure

BULLET = re.compile(r"^[•●○▪■◦‣⁃∙·*✓➢►❖\uf0b7\u2013\u2014-]\s+(?=\S)|^[•●▪■‣⁃\uf0b7]")
NUMBERED = re.compile(r"^(\(?\d{1,2}[.)]|\(?[a-z][.)])\s+\S")
SENTENCE_END = re.compile(r"[.!?:;…][\"'”’)\]»]*$")
HEADING_SIZE = 1.1
"""Times the body size."""
HEADING_WORDS = 20
BOLD_HEADING_WORDS = 12
LOOSE_PARAGRAPH = 1.8
"""Times the usual spacing: within a sentence, a line may be pushed down by a symbol or a note."""
ROW_LINES = 6
"""A cell with more lines than this is a column of text."""


class Kind(Enum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True)
class Block:
    """Connected text and where its pages begin: pairs of character offset and page."""

    kind: Kind
    text: str
    starts: tuple[tuple[int, int], ...]

    def page_at(self, offset: int) -> int:
        """Return the page of the character at `offset`."""
        return max(page for start, page in self.starts if start <= offset)


def build_blocks(lines: Sequence[Line], known: frozenset[str]) -> tuple[list[Block], int]:
    """Return a document's blocks and the number of hyphens removed; `known` as in `Hyphenation`."""
    look = measure(lines)
    hyphenation = Hyphenation(known, breaks_words(lines))
    groups: list[list[Line]] = []
    for line in lines:
        if groups and (_is_cell(groups[-1], line) or _continues(groups[-1], line, look)):
            groups[-1].append(line)
        else:
            groups.append([line])
    blocks, hyphens = [], 0
    for group in groups:
        block, removed = _block(group, look, hyphenation)
        hyphens += removed
        if block.text:
            blocks.append(block)
    return blocks, hyphens


def _is_cell(group: Sequence[Line], line: Line) -> bool:
    """Tell whether a line starts another cell of the table row that `group` is so far."""
    last = group[-1]
    if line.page != last.page or line.turn != last.turn or _is_list_item(group):
        return False
    top, bottom = max(other.y for other in group), min(other.y for other in group)
    lines_high = 1 + (top - bottom) / (1.1 * last.size)
    beside = bottom - 0.5 * last.size <= line.y <= top + 1.5 * last.size
    return (
        beside
        and lines_high <= ROW_LINES
        and line.x > last.x + last.size
        and line.x >= last.right - last.size
    )


def _continues(group: Sequence[Line], line: Line, look: Typography) -> bool:
    """Tell whether a line belongs to the paragraph or item that `group` is so far."""
    last = group[-1]
    if _is_marked(line) or line.turn != last.turn or not _same_size(group, line, look):
        return False
    runs_on = not SENTENCE_END.search(last.text) and line.text[0].islower()
    gap = last.y - line.y
    if line.page != last.page or gap <= 0:
        return runs_on and not _is_large(last, look)
    if gap > (LOOSE_PARAGRAPH if runs_on else SAME_PARAGRAPH) * look.spacing(last):
        return False
    if _is_row(group) and line.x < last.x - last.size:
        return False
    return runs_on or _is_large(last, look) or _wraps(group, line, look)


def _wraps(group: Sequence[Line], line: Line, look: Typography) -> bool:
    """Tell whether the last line of `group` was broken for want of room."""
    last = group[-1]
    if last.bold != line.bold and all(other.bold for other in group):
        return False
    ended = SENTENCE_END.search(last.text)
    if ended and line.x > last.x + last.size and not _is_lone_item(group):
        return False
    return look.is_full(last, line, FULL_LINE if ended else SURELY_FULL)


def _block(group: Sequence[Line], look: Typography, hyphenation: Hyphenation) -> tuple[Block, int]:
    kind = _kind(group, look)
    text, starts, hyphens = "", [], 0
    for previous, line in zip([None, *group], group, strict=False):
        if previous is None:
            text = line.text
        elif kind is Kind.ROW and line.x > previous.x + previous.size:
            text = f"{text} | {line.text}"
        else:
            text, removed = join_texts(text, line.text, hyphenation)
            hyphens += removed
        starts.append((max(0, len(text) - len(line.text)), line.page))
    return Block(kind, _normal(kind, text), _changes(starts)), hyphens


def _kind(group: Sequence[Line], look: Typography) -> Kind:
    if _is_row(group):
        return Kind.ROW
    if _is_list_item(group):
        return Kind.ITEM
    return Kind.HEADING if _is_heading(group, look) else Kind.PARAGRAPH


def _is_heading(group: Sequence[Line], look: Typography) -> bool:
    text = " ".join(line.text for line in group)
    words = len(text.split())
    sentence = SENTENCE_END.search(text) and not text.endswith("?")
    if sentence or text.endswith(",") or not re.search(r"[^\W\d_]{2}", text):
        return False
    if all(_is_large(line, look) for line in group):
        return words <= HEADING_WORDS
    bold = all(line.bold and line.size >= 0.95 * look.body_size for line in group)
    return bold and words <= BOLD_HEADING_WORDS and not text[0].islower()


def _normal(kind: Kind, text: str) -> str:
    match kind:
        case Kind.ITEM:
            return BULLET.sub("- ", text) if BULLET.match(text) else text
        case Kind.HEADING | Kind.PARAGRAPH | Kind.ROW:
            return text
        case _:
            assert_never(kind)


def _changes(starts: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    changes = [start for at, start in enumerate(starts) if at == 0 or start[1] != starts[at - 1][1]]
    return (0, changes[0][1]), *changes[1:]


def _is_marked(line: Line) -> bool:
    return bool(BULLET.match(line.text) or NUMBERED.match(line.text))


def _is_list_item(group: Sequence[Line]) -> bool:
    return _is_marked(group[0])


def _is_lone_item(group: Sequence[Line]) -> bool:
    return len(group) == 1 and _is_list_item(group)


def _same_size(group: Sequence[Line], line: Line, look: Typography) -> bool:
    difference = abs(line.size - group[-1].size)
    if _is_lone_item(group):
        # The line may carry the size of its bullet.
        return difference <= 0.5 * line.size and not _is_large(line, look)
    return difference <= max(0.6, 0.06 * group[-1].size)


def _is_row(group: Sequence[Line]) -> bool:
    return any(_is_cell(group[:at], group[at]) for at in range(1, len(group)))


def _is_large(line: Line, look: Typography) -> bool:
    return line.size > HEADING_SIZE * look.body_size
