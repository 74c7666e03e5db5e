"""Blocks from pandoc's syntax tree.

In: the `blocks` of pandoc's JSON. Out: headings, paragraphs, list items and table rows in
reading order, each footnote behind the block that refers to it. Raw HTML and TeX, pictures'
files and attributes are left out: they are not prose.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from tasks.ingest.blocks import Block, Kind
from tasks.ingest.lines import clean

Node = dict[str, Any]
BULLET = "- "
QUOTES = {"DoubleQuote": "“”", "SingleQuote": "‘’"}


def walk_blocks(nodes: Sequence[Node]) -> Iterator[Block]:
    """Yield the blocks of a document, without empty ones."""
    for node in nodes:
        yield from _blocks(node)


def _blocks(node: Node) -> Iterator[Block]:  # noqa: C901, PLR0912  one case for each of pandoc's kinds
    kind: str = node["t"]
    content: Any = node.get("c")
    match kind, content:
        case "Header", [level, _, inlines]:
            yield from (replace(block, rank=-float(level)) for block in _block(Kind.HEADING, inlines))
        case (("Para" | "Plain"), inlines):
            yield from _block(Kind.PARAGRAPH, inlines)
        case "LineBlock", lines:
            for inlines in lines:
                yield from _block(Kind.PARAGRAPH, inlines)
        case "CodeBlock", [_, text]:
            yield from _text_block(Kind.PARAGRAPH, text)
        case "BulletList", items:
            for item in items:
                yield from _item(BULLET, item)
        case "OrderedList", [[start, *_], items]:
            for number, item in zip(count(start), items, strict=False):
                yield from _item(f"{number}. ", item)
        case "DefinitionList", entries:
            for term, definitions in entries:
                yield from _definition(term, definitions)
        case "BlockQuote", nodes:
            yield from walk_blocks(nodes)
        case (("Div" | "Figure"), [*_, nodes]):
            yield from walk_blocks(nodes)
        case "Table", [_, [_, caption], _, [_, head], bodies, [_, foot]]:
            yield from walk_blocks(caption)
            inner = [row for _, _, first, rows in bodies for row in [*first, *rows]]
            for _, cells in [*head, *inner, *foot]:
                yield from _row(cells)
        case _:
            # Rules, raw HTML and raw TeX.
            return


def _item(mark: str, nodes: Sequence[Node]) -> Iterator[Block]:
    """Yield a list item: its first paragraph behind the mark, and what else it holds after it."""
    for at, block in enumerate(walk_blocks(nodes)):
        if at == 0 and block.kind is Kind.PARAGRAPH:
            yield Block(Kind.ITEM, mark + block.text, block.starts)
        else:
            yield block


def _definition(term: Sequence[Node], definitions: Sequence[Sequence[Node]]) -> Iterator[Block]:
    told = [block.text for nodes in definitions for block in walk_blocks(nodes)]
    yield from _text_block(Kind.PARAGRAPH, f"{_text(term, [])}: {' '.join(told)}")


def _row(cells: Sequence[Sequence[Any]]) -> Iterator[Block]:
    texts = (" ".join(block.text for block in walk_blocks(cell[-1])) for cell in cells)
    yield from _text_block(Kind.ROW, " | ".join(text for text in texts if text))


def _block(kind: Kind, inlines: Sequence[Node]) -> Iterator[Block]:
    notes: list[Node] = []
    yield from _text_block(kind, _text(inlines, notes))
    yield from walk_blocks(notes)


def _text_block(kind: Kind, text: str) -> Iterator[Block]:
    if said := clean(text):
        yield Block(kind, said, ((0, 1),))


def _text(inlines: Sequence[Node], notes: list[Node]) -> str:
    return "".join(_inline(node, notes) for node in inlines)


def _inline(node: Node, notes: list[Node]) -> str:  # noqa: C901, PLR0911  one case for each kind
    kind: str = node["t"]
    content: Any = node.get("c")
    match kind, content:
        case "Str", text:
            return str(text)
        case (("Space" | "SoftBreak" | "LineBreak"), _):
            return " "
        case (("Code" | "Math"), [_, text]):
            return str(text)
        case "Quoted", [{"t": quotes}, inlines]:
            return QUOTES[quotes][0] + _text(inlines, notes) + QUOTES[quotes][1]
        case (("Link" | "Image"), [_, inlines, _]):
            return _text(inlines, notes)
        case (("Span" | "Cite"), [_, inlines]):
            return _text(inlines, notes)
        case "Note", nodes:
            notes.extend(nodes)
            return ""
        case "RawInline", _:
            return ""
        case _, inlines:
            # Emphasis and its kin hold nothing but other inlines.
            return _text(inlines, notes)
