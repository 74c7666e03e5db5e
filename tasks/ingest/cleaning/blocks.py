"""Paragraphs, headings, list items and table rows, from a document's lines.

In: lines in reading order, without running ones. Out: blocks with their text and the pages
on which each part of it stands, one after the other, so that a book is never held whole. A
paragraph runs on across columns and pages when it stops in mid-sentence and the next line
starts in lower case.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import assert_never

from tasks.ingest.cleaning.hyphens import Hyphenation, Hyphens, join_texts
from tasks.ingest.cleaning.lines import Line
from tasks.ingest.cleaning.typography import FULL_LINE, SAME_PARAGRAPH, SURELY_FULL, Typography
from tasks.text.segments import count_pieces

BULLET = re.compile(r"^[•●○▪■◦‣⁃∙·*✓➢►❖\uf020-\uf0ff\u2013\u2014-]\s+(?=\S)|^[•●▪■‣⁃\uf0b7\uf0a7]")
NUMBERED = re.compile(r"^(\(?\d{1,2}[.)]|\(?[a-z][.)])\s+\S")
NUMBERED_CAPITALS = re.compile(
    r"(?:[IVX]{1,5}|[A-Z]|\d{1,2}(?:\.\d{1,2})*)\.\s+\w{3}|(?:APPENDIX|CHAPTER|PART|SECTION)\b"
)
SENTENCE_END = re.compile(r"[.!?:;…。！？：；។။][\"'”’)\]»」』）]*$")
UNFINISHED = frozenset({"a", "an", "the", "and", "or", "of", "than", "your", "their", "its"})
"""Last words that leave no doubt that more follows, whatever the next line starts with."""
END = 40
"""Characters at the end of a line that tell how it ends."""
LEADERS = re.compile(r"(?:\.{4,}|(?:\. ){3,}\.|…{2,}|_{5,}|(?:· ?){4,})\s*\S{0,6}$")
"""Dots between an entry of a table of contents and its page."""
HEADING_SIZE = 1.1
"""Times the body size."""
HEADING_WORDS = 20
BOLD_HEADING_WORDS = 12
LOOSE_PARAGRAPH = 1.8
"""Times the usual spacing: within a sentence, a line may be pushed down by a symbol or a note."""
MOST_LINES = 2000
"""In one paragraph; what runs on for longer has no paragraphs, and is cut for the time it would take."""
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
    rank: float = 0.0
    """How high a heading stands within its document: greater is higher (font size in PDFs, minus the level
    elsewhere)."""

    @property
    def page(self) -> int:
        """Return the page on which the block begins."""
        return self.starts[0][1]

    def page_at(self, offset: int) -> int:
        """Return the page of the character at `offset`."""
        return max(page for start, page in self.starts if start <= offset)


def build_blocks(
    lines: Iterable[Line], look: Typography, hyphenation: Hyphenation, hyphens: Hyphens
) -> Iterator[Block]:
    """Yield a document's blocks; count in `hyphens` what is done to hyphens at line ends."""
    for group in _groups(lines, look):
        block = _block(group, look, hyphenation, hyphens)
        if block.text:
            yield block


class _Group:
    """The lines of one block so far, and what the next line is compared with."""

    def __init__(self, line: Line) -> None:
        self.lines = [line]
        self.top = self.bottom = line.y
        self.bold = line.bold
        self.row = False

    @property
    def last(self) -> Line:
        return self.lines[-1]

    @property
    def item(self) -> bool:
        return _is_marked(self.lines[0])

    @property
    def lone_item(self) -> bool:
        return len(self.lines) == 1 and self.item

    def add(self, line: Line, *, cell: bool) -> None:
        self.lines.append(line)
        self.top, self.bottom = max(self.top, line.y), min(self.bottom, line.y)
        self.bold = self.bold and line.bold
        self.row = self.row or cell


def _groups(lines: Iterable[Line], look: Typography) -> Iterator[_Group]:
    group: _Group | None = None
    for line in lines:
        cell = group is not None and _is_cell(group, line)
        if group is not None and (cell or _continues(group, line, look)):
            group.add(line, cell=cell)
            continue
        if group is not None:
            yield group
        group = _Group(line)
    if group is not None:
        yield group


def _is_cell(group: _Group, line: Line) -> bool:
    """Tell whether a line starts another cell of the table row that `group` is so far."""
    last = group.last
    if line.page != last.page or line.turn != last.turn or group.item:
        return False
    lines_high = 1 + (group.top - group.bottom) / (1.1 * last.size)
    beside = group.bottom - 0.5 * last.size <= line.y <= group.top + 1.5 * last.size
    return (
        beside
        and lines_high <= ROW_LINES
        and line.x > last.x + last.size
        and line.x >= last.right - last.size
    )


def _continues(group: _Group, line: Line, look: Typography) -> bool:
    """Tell whether a line belongs to the paragraph or item that `group` is so far."""
    last = group.last
    if _is_marked(line) or line.turn != last.turn or not _same_size(group, line, look):
        return False
    end = last.text[-END:]
    if len(group.lines) == MOST_LINES or LEADERS.search(end):
        return False
    runs_on = not SENTENCE_END.search(end) and line.text[0].islower()
    runs_on = runs_on or (last.bold == line.bold and _is_unfinished(end))
    gap = last.y - line.y
    if line.page != last.page or gap <= 0:
        return runs_on and not _is_large(last, look)
    if gap > (LOOSE_PARAGRAPH if runs_on else SAME_PARAGRAPH) * look.spacing(last):
        return False
    if group.row and line.x < last.x - last.size:
        return False
    return runs_on or _is_large(last, look) or _wraps(group, line, look)


def _is_unfinished(end: str) -> bool:
    return end.rpartition(" ")[2] in UNFINISHED or (end.endswith(",") and end[-2:-1].islower())


def _wraps(group: _Group, line: Line, look: Typography) -> bool:
    """Tell whether the last line of `group` was broken for want of room."""
    last = group.last
    if last.bold != line.bold and group.bold:
        return False
    ended = SENTENCE_END.search(last.text[-END:])
    if ended and line.x > last.x + last.size and not group.lone_item:
        return False
    return look.is_full(last, line, FULL_LINE if ended else SURELY_FULL)


def _block(group: _Group, look: Typography, hyphenation: Hyphenation, hyphens: Hyphens) -> Block:
    kind = _kind(group, look)
    text = group.lines[0].text
    starts = [(0, group.lines[0].page)]
    for previous, line in pairwise(group.lines):
        if kind is Kind.ROW and line.x > previous.x + previous.size:
            text = f"{text} | {line.text}"
        else:
            text, joined = join_texts(text, line.text, hyphenation)
            hyphens.joined += joined
        starts.append((max(0, len(text) - len(line.text)), line.page))
    rank = max(line.size for line in group.lines) if kind is Kind.HEADING else 0.0
    return Block(kind, _normal(kind, text), _changes(starts), rank)


def _kind(group: _Group, look: Typography) -> Kind:
    if group.row:
        return Kind.ROW
    if _is_heading(group.lines, look) and not BULLET.match(group.last.text):
        return Kind.HEADING
    return Kind.ITEM if group.item else Kind.PARAGRAPH


def _is_heading(group: Sequence[Line], look: Typography) -> bool:
    text = " ".join(line.text for line in group)
    words = count_pieces(text)
    sentence = SENTENCE_END.search(text) and not text.endswith("?")
    if sentence or text.endswith(",") or not re.search(r"[^\W\d_]{2}", text):
        return False
    if NUMBERED_CAPITALS.match(text) and text.isupper():
        return words <= BOLD_HEADING_WORDS
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


def _same_size(group: _Group, line: Line, look: Typography) -> bool:
    difference = abs(line.size - group.last.size)
    if group.lone_item:
        # The line may carry the size of its bullet.
        return difference <= 0.5 * line.size and not _is_large(line, look)
    return difference <= max(0.6, 0.06 * group.last.size)


def _is_large(line: Line, look: Typography) -> bool:
    return line.size > HEADING_SIZE * look.body_size
