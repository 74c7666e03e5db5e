"""Small PDFs drawn with reportlab, line by line, so that a test states the layout it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

LEADING = 14.0
TOP, LEFT = 780.0, 60.0
PROSE = (
    "The harbour wakes before the town does, and the boats leave in the dark with",
    "their lamps lit. Gulls follow them out past the mole, where the water turns",
    "from grey to green. By noon the crates stand on the quay and are sold.",
)
BOATS = ("Alma", "Berta", "Clara", "Dora")


def prose_about(boat: str) -> tuple[str, ...]:
    """Return prose that differs from line to line between boats, as the pages of a book do."""
    return tuple(line.replace(" the ", f" the {boat} ", 1) for line in PROSE)


@dataclass(frozen=True)
class Text:
    """A line of text and where it stands."""

    text: str
    x: float = LEFT
    y: float = TOP
    size: float = 10.0
    font: str = "Helvetica"


@dataclass
class Sheet:
    """A page that is filled from top to bottom."""

    lines: list[Text] = field(default_factory=list)
    y: float = TOP - 40

    def write(self, *texts: str, x: float = LEFT, size: float = 10.0, font: str = "Helvetica") -> "Sheet":
        """Add lines below each other."""
        for text in texts:
            self.lines.append(Text(text, x, self.y, size, font))
            self.y -= LEADING * size / 10
        return self

    def gap(self) -> "Sheet":
        """Leave the space that stands between paragraphs."""
        self.y -= 0.7 * LEADING
        return self

    def put(self, text: str, x: float, y: float) -> "Sheet":
        """Add a line at a place of its own, such as a header."""
        self.lines.append(Text(text, x, y))
        return self


def draw(path: Path, sheets: Sequence[Sheet]) -> Path:
    """Write the sheets as a PDF with the same bytes each time."""
    canvas = Canvas(str(path), invariant=True)
    for sheet in sheets:
        for line in sheet.lines:
            canvas.setFont(line.font, line.size)
            canvas.drawString(line.x, line.y, line.text)
        canvas.showPage()
    canvas.save()
    return path
