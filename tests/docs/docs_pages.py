"""Read README.md and docs/*.md as the tests see them: links, code blocks, and code within a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Code:
    """Code on a page."""

    place: str
    """`<page>:<line>`."""
    text: str


def pages(project: Path = PROJECT) -> dict[str, str]:
    """Return the text of every page by its path from the project's folder."""
    files = [project / "README.md", *sorted((project / "docs").glob("*.md"))]
    return {file.relative_to(project).as_posix(): file.read_text(encoding="utf-8") for file in files}


def blocks(page: str, text: str, language: str) -> Iterator[Code]:
    """Yield the fenced blocks of a language."""
    for match in _BLOCK.finditer(text):
        if match[1] == language:
            yield Code(f"{page}:{_line(text, match.start(2))}", match[2])


def spans(page: str, text: str) -> Iterator[Code]:
    """Yield the code within lines; a line break in it counts as a space."""
    plain = _without_blocks(text)
    for match in _SPAN.finditer(plain):
        yield Code(f"{page}:{_line(plain, match.start())}", " ".join(match[1].split()))


def links(text: str) -> list[str]:
    """Return the targets of links and pictures."""
    return _LINK.findall(_without_blocks(text))


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as GitHub and the site make them."""
    headings = _HEADING.findall(_without_blocks(text))
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


def _without_blocks(text: str) -> str:
    """Return the text with its fenced blocks as empty lines, so that line numbers stay."""
    return _BLOCK.sub(lambda match: "\n" * match[0].count("\n"), text)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
