"""Pages: a title and a story of flowables in, the bytes of a PDF out.

Every page has the document's title as running header and "Page 3 of 7" as footer, because
real documents have them and extraction must remove them. The story is laid out twice: the
first time only counts the pages.
"""
# mypy: disable-error-code="import-untyped"
# reportlab ships no types

from collections.abc import Callable
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

Story = Callable[[], list[Any]]
"""Makes fresh flowables: laying them out uses them up."""

WIDTH, HEIGHT = A5
MARGIN = 16 * mm
TOP = 22 * mm
BOTTOM = 20 * mm
GUTTER = 6 * mm
GREY = HexColor("#666666")


def pdf_bytes(title: str, story: Story) -> tuple[bytes, int]:
    """Lay the story out on A5 pages; return the PDF and its number of pages."""
    _, pages = _build(title, story, total=0)
    content, _ = _build(title, story, total=pages)
    return content, pages


def _build(title: str, story: Story, total: int) -> tuple[bytes, int]:
    def header(canvas: Any, _: Any) -> None:
        _header(canvas, title)

    def footer(canvas: Any, document: Any) -> None:
        _footer(canvas, f"Page {document.page} of {total}")

    buffer = BytesIO()
    # zlib's output differs between its builds: without compression the bytes are the same everywhere.
    document = BaseDocTemplate(
        buffer, pagesize=A5, title=title, author="PocketMoE", lang="en", invariant=1, pageCompression=0
    )
    document.addPageTemplates(
        [
            PageTemplate("one", [_frame(0, 1)], onPage=header, onPageEnd=footer),
            PageTemplate("two", [_frame(0, 2), _frame(1, 2)], onPage=header, onPageEnd=footer),
        ]
    )
    document.build(story())
    return buffer.getvalue(), document.page


def _frame(index: int, count: int) -> Any:
    width = (WIDTH - 2 * MARGIN - (count - 1) * GUTTER) / count
    left = MARGIN + index * (width + GUTTER)
    padding = {f"{side}Padding": 0 for side in ("left", "right", "top", "bottom")}
    return Frame(left, BOTTOM, width, HEIGHT - TOP - BOTTOM, id=f"column {index}", **padding)


def _header(canvas: Any, text: str) -> None:
    canvas.saveState()
    canvas.setFillColor(GREY)
    canvas.setStrokeColor(GREY)
    canvas.setFont("Helvetica", 8)
    canvas.drawString(MARGIN, HEIGHT - 13 * mm, text)
    canvas.setLineWidth(0.4)
    canvas.line(MARGIN, HEIGHT - 15 * mm, WIDTH - MARGIN, HEIGHT - 15 * mm)
    canvas.restoreState()


def _footer(canvas: Any, text: str) -> None:
    canvas.saveState()
    canvas.setFillColor(GREY)
    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(WIDTH / 2, 11 * mm, text)
    canvas.restoreState()
