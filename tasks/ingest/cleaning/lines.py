"""Lines of a page, from the pieces of text that a PDF draws.

In: pieces in the order in which they are drawn, each with its place and font. Out: lines in
the same order, one for each baseline and table cell. Places are kept because running
headers, paragraphs, columns and tables can be told apart by them and not by the text.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tasks.text.segments import is_wide

NARROW, WIDE = frozenset("iIljtfr.,;:'!|()[]-•’‘ "), frozenset("mwMW@%—…")
LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
WIDEST_FROM = "\u2e7f"
INVISIBLE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
# WinAnsi fonts draw a bullet for codes without a character; Symbol and Wingdings have theirs here.
BULLETS = dict.fromkeys([0x7F, 0x95, 0xF0A7, 0xF0A8, 0xF0B7, 0xF0D8, 0xF0FC], "•")
CHARACTERS = {
    **INVISIBLE,
    **LIGATURES,
    **BULLETS,
    **dict.fromkeys([0x09, 0x0A, 0x0C, 0x0D, 0xA0, 0x202F, 0x2009], " "),
}
CELL_GAP = 2.0
"""Space between two pieces on one baseline, in font sizes, that makes them cells."""

SPLIT_LETTERS = 4


@dataclass(frozen=True)
class Line:
    """A piece of text on one baseline; lengths in points, along and across its reading direction."""

    text: str
    page: int
    x: float
    y: float
    """Height of the baseline: smaller is further down."""
    size: float
    bold: bool = False
    turn: int = 0
    """Reading direction in degrees."""

    @property
    def right(self) -> float:
        """Where the line ends, estimated from its characters."""
        return self.x + text_width(self.text, self.size)


def place(text: str, page: int, matrix: Sequence[float], font_size: float, font: str) -> Line:
    """Return a drawn piece with its place, from its text-to-page matrix (a, b, c, d, e, f)."""
    a, b, c, d, e, f = matrix
    length = math.hypot(a, b) or 1.0
    along, across = (a / length, b / length), (-b / length, a / length)
    return Line(
        text=text,
        page=page,
        x=e * along[0] + f * along[1],
        y=e * across[0] + f * across[1],
        size=abs(font_size) * math.hypot(c, d),
        bold=bool(re.search(r"bold|black|heavy|semibd|extrabld|demi", font, re.IGNORECASE)),
        turn=round(math.degrees(math.atan2(b, a))) % 360,
    )


def assemble(pieces: Iterable[Line]) -> list[Line]:
    """Join pieces to lines: a piece that ends with a line break closes its line."""
    lines: list[Line] = []
    closed = True
    for whole in pieces:
        piece = replace(whole, text=whole.text.removesuffix("\n"))
        if not piece.text.strip():
            if lines and not closed:
                lines[-1] = replace(lines[-1], text=lines[-1].text + piece.text)
        elif lines and (_resumes(lines[-1], piece) if closed else not _beside(lines[-1], piece)):
            lines[-1] = _extended(lines[-1], piece)
            closed = False
        else:
            lines.append(piece)
            closed = False
        closed = closed or whole.text.endswith("\n")
    return turned_last([replace(line, text=clean(line.text)) for line in lines if clean(line.text)])


def turned_last(lines: list[Line]) -> list[Line]:
    """Move text that runs in another direction than most, such as a note in the margin, behind the rest."""
    usual = Counter(line.turn for line in lines).most_common(1)
    return sorted(lines, key=lambda line: line.turn != usual[0][0])


def clean(text: str) -> str:
    """Return text without ligatures, control characters, lone surrogates and runs of spaces."""
    text = text.encode("utf-8", "replace").decode("utf-8").translate(CHARACTERS)
    return re.sub(r"\s+", " ", text).strip()


def text_width(text: str, size: float) -> float:
    """Estimate how wide text is in a common proportional font: good to a tenth for whole lines."""
    return size * sum(_character_width(character) for character in text)


def _character_width(character: str) -> float:
    if character in NARROW:
        return 0.29
    if character in WIDE:
        return 0.85
    if character > WIDEST_FROM:
        return 1.0 if is_wide(character) else 0.52
    return 0.66 if character.isupper() else 0.52


def _beside(line: Line, piece: Line) -> bool:
    """Tell whether a piece stands in another cell or column than the line before it."""
    if piece.turn != line.turn or abs(piece.y - line.y) > max(piece.size, line.size):
        return True
    # A piece that follows a change of font may still carry the place of its line's start.
    if piece.x <= line.x:
        return piece.x < line.x - line.size
    gap = piece.x - line.right
    return gap > max(CELL_GAP * max(piece.size, line.size), 0.15 * (line.right - line.x))


def _resumes(line: Line, piece: Line) -> bool:
    """Tell whether a closed line and this piece are one word: pypdf cuts some in two."""
    same_baseline = piece.turn == line.turn and abs(piece.y - line.y) < 0.05 * line.size
    short = len(line.text) <= SPLIT_LETTERS and line.text.isalpha()
    return same_baseline and short and abs(piece.x - line.right) < 0.4 * line.size and piece.text[0].islower()


def _extended(line: Line, piece: Line) -> Line:
    letters = sum(character.isalnum() for character in line.text)
    main = line if letters >= sum(character.isalnum() for character in piece.text) else piece
    bold = piece.bold if not letters else line.bold and (piece.bold or not re.search(r"\w", piece.text))
    return replace(line, text=line.text + piece.text, size=main.size, y=main.y, bold=bold)
