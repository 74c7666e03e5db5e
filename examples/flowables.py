"""Markdown in, a title and reportlab flowables out.

Only what the library's documents use is understood: headings, paragraphs, emphasis, bullet
lists, tables, and the comment `<!-- two columns -->`, which starts a new page and sets the rest
in two columns. Anything else is refused, so that no text is lost silently.
"""
# mypy: disable-error-code="import-untyped"
# reportlab ships no types

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from layout import Story
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from pyphen import Pyphen
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_JUSTIFY, TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    CondPageBreak,
    NextPageTemplate,
    PageBreak,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

_PYPHEN = Pyphen(lang="en_US", left=2, right=3)


def _hyphenations(word: str) -> Iterator[tuple[str, str]]:
    """Yield the places to break a word, without those beside its own hyphen, which would print twice."""
    return ((head, tail) for head, tail in _PYPHEN.iterate(word) if not head.endswith("-") and tail[0] != "-")


BODY = ParagraphStyle(
    "body",
    fontName="Times-Roman",
    fontSize=10,
    leading=13,
    spaceAfter=6,
    alignment=TA_JUSTIFY,
    hyphenationLang=_hyphenations,
    hyphenationMinWordLength=6,
    allowWidows=0,
    allowOrphans=0,
)
ITEM = ParagraphStyle("item", BODY, bulletFontName="Symbol", leftIndent=12, bulletIndent=2, spaceAfter=3)
CELL = ParagraphStyle("cell", BODY, fontSize=9, leading=11, spaceAfter=0, alignment=TA_LEFT, splitLongWords=0)
HEAD = ParagraphStyle("head", CELL, fontName="Helvetica-Bold", fontSize=8)
HEADING = ParagraphStyle("heading", fontName="Helvetica-Bold", textColor=HexColor("#1F3A5F"))
HEADINGS = {
    "h1": ParagraphStyle("h1", HEADING, fontSize=18, leading=22, spaceAfter=10),
    "h2": ParagraphStyle("h2", HEADING, fontSize=12, leading=15, spaceBefore=8, spaceAfter=4),
    "h3": ParagraphStyle("h3", HEADING, fontSize=10, leading=13, spaceBefore=5, spaceAfter=3),
}
RULES = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), HexColor("#E4EBF3")),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#8FA3BA")),
    ]
)
WITH_HEADING = 75
"""Points below a heading's top that must be free, or it moves on: room for a heading and three lines."""
TWO_COLUMNS = "<!-- two columns -->"
MARKS = {"strong": "b", "em": "i"}
KNOWN = {"paragraph", "bullet_list", "list_item", "inline", "text", "softbreak", *MARKS}
KNOWN |= {"heading", "html_block", "table", "thead", "tbody", "tr", "th", "td"}


@dataclass(frozen=True)
class Document:
    """A parsed source: its title, and its content made afresh on each call."""

    title: str
    story: Story


def parse(text: str, name: str) -> Document:
    """Read one source; raise ValueError where it holds what the renderer does not know."""
    root = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))
    _refuse_unknown(root, name)
    if not root.children or root.children[0].tag != "h1":
        raise ValueError(f"{name}: no title; start the file with a line `# Title`")
    return Document(_plain(root.children[0]), partial(_story, root.children))


def _refuse_unknown(root: SyntaxTreeNode, name: str) -> None:
    line = 0
    for node in root.walk(include_self=False):
        line = node.map[0] + 1 if node.map else line
        if not _known(node):
            raise ValueError(f"{name}:{line}: the renderer knows no {node.type} {node.content!r}; rewrite it")


def _known(node: SyntaxTreeNode) -> bool:
    match node.type:
        case "heading":
            return node.tag in HEADINGS
        case "html_block":
            return node.content.strip() == TWO_COLUMNS
        case _:
            return node.type in KNOWN


def _story(blocks: list[SyntaxTreeNode]) -> list[Any]:
    return [flowable for block in blocks for flowable in _flowables(block)]


def _flowables(block: SyntaxTreeNode) -> Iterator[Any]:
    match block.type:
        case "heading":
            yield from (CondPageBreak(WITH_HEADING), Paragraph(_markup(block), HEADINGS[block.tag]))
        case "paragraph":
            yield Paragraph(_markup(block), BODY)
        case "bullet_list":
            yield from (Paragraph(_markup(item), ITEM, bulletText="\u2022") for item in block.children)
            yield Spacer(0, 4)
        case "table":
            yield from (Spacer(0, 2), _table(block), Spacer(0, 8))
        case "html_block":
            yield from (NextPageTemplate("two"), PageBreak())


def _table(block: SyntaxTreeNode) -> Any:
    rows = [row for part in block.children for row in part.children]
    cells = [
        [Paragraph(_markup(cell), HEAD if cell.type == "th" else CELL) for cell in row.children]
        for row in rows
    ]
    others = len(cells[0]) - 1
    widths = ["28%"] + [f"{72 / others}%"] * others
    return Table(cells, colWidths=widths, style=RULES, repeatRows=1)


def _markup(node: SyntaxTreeNode) -> str:
    """Return reportlab's inline markup of everything below a node."""
    match node.type:
        case "text":
            return escape(node.content)
        case "softbreak":
            return " "
        case _:
            inner = "".join(_markup(child) for child in node.children)
            mark = MARKS.get(node.type)
            return f"<{mark}>{inner}</{mark}>" if mark else inner


def _plain(node: SyntaxTreeNode) -> str:
    return "".join(part.content for part in node.walk() if part.type == "text")
