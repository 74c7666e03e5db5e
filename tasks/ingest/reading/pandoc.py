"""Blocks of Markdown, HTML, EPUB and DOCX, as pandoc reads them, and of plain text.

In: a file. Out: blocks with their kinds, all on page 1, for such files have no pages. Pandoc
runs with `--sandbox`, so that nothing in a file makes it open another one, and within the
limits of the process that starts it.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pypandoc

from tasks.ingest.cleaning.blocks import Block, Kind
from tasks.ingest.cleaning.lines import clean
from tasks.ingest.reading.plain_text import PLAIN
from tasks.ingest.reading.reasons import Reason, UnreadableError
from tasks.ingest.reading_config import Format
from tasks.text.segments import unwrapped

READERS: dict[Format, str] = {
    # CommonMark takes linear time on hostile input; pandoc's own Markdown does not.
    "markdown": "commonmark_x+yaml_metadata_block",
    "html": "html",
    "epub": "epub",
    "docx": "docx",
}
MESSAGE_CHARACTERS = 200


def read_blocks(path: Path, kind: Format, text: str) -> Iterator[Block]:
    """Yield the blocks of a document without pages, of whose `text` a file of plain text is.

    Raises UnreadableError where it cannot be read.
    """
    if kind == "text":
        yield from _paragraphs(text)
        return
    try:
        tree = json.loads(_converted(path, kind, text))
        yield from walk_blocks(tree["blocks"])
    except RecursionError as error:
        raise UnreadableError(
            Reason.CYCLIC, "is nested too deeply; simplify it and export it again, or remove it"
        ) from error


def _converted(path: Path, kind: Format, text: str) -> bytes:
    command = [pypandoc.get_pandoc_path(), "--sandbox", "--from", READERS[kind], "--to", "json"]
    if kind in PLAIN:
        # Pandoc takes UTF-8 alone, and believes no declaration in what it is given.
        given, source = text.encode("utf-8", "replace"), "-"
    else:
        given, source = b"", str(path)
    done = subprocess.run([*command, source], input=given, capture_output=True, check=False)
    if done.returncode == 0:
        return done.stdout
    message = clean(done.stderr.decode("utf-8", "replace").replace(str(path), path.name))[:MESSAGE_CHARACTERS]
    if done.returncode < 0 or "heap" in message or "memory" in message:
        raise MemoryError
    raise UnreadableError(
        Reason.DAMAGED, f"cannot be read as {kind} ({message}); export it again from its source, or remove it"
    )


def _paragraphs(text: str) -> Iterator[Block]:
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        if cleaned := clean(unwrapped(paragraph)):
            yield Block(Kind.PARAGRAPH, cleaned, ((0, 1),))


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
    yield from _text_block(kind, unwrapped(_text(inlines, notes)))
    yield from walk_blocks(notes)


def _text_block(kind: Kind, text: str) -> Iterator[Block]:
    if cleaned := clean(text):
        yield Block(kind, cleaned, ((0, 1),))


def _text(inlines: Sequence[Node], notes: list[Node]) -> str:
    return "".join(_inline(node, notes) for node in inlines)


def _inline(node: Node, notes: list[Node]) -> str:  # noqa: C901, PLR0911  one case for each kind
    kind: str = node["t"]
    content: Any = node.get("c")
    match kind, content:
        case "Str", text:
            return str(text)
        case "SoftBreak", _:
            return "\n"
        case (("Space" | "LineBreak"), _):
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
