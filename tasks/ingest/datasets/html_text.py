"""The text of HTML fragments in cells.

In: a value of a row. Out: the same value with plain text, one line for each block.
"""

import re
from html.parser import HTMLParser
from typing import Any

from tasks.ingest.datasets.cells import RefusedError

_BLOCK_TAGS = re.compile(r"p|br|div|li|[uo]l|tr|table|pre|blockquote|h[1-6]")


def plain(value: Any, field: str) -> Any:
    """Return a value with all its HTML turned into text; raise RefusedError where that cannot be parsed."""
    match value:
        case str():
            return _parsed(value, field)
        case list():
            return [plain(item, field) for item in value]
        case dict():
            return {key: plain(item, field) for key, item in value.items()}
        case _:
            return value


def _parsed(text: str, field: str) -> str:
    parser = _Text()
    try:
        parser.feed(text)
        parser.close()
    except AssertionError as error:
        # The parser's way to say that a declaration is malformed.
        raise RefusedError(
            field, f"`{field}` holds HTML that cannot be parsed ({error}); correct it"
        ) from error
    return parser.text()


class _Text(HTMLParser):
    """Collects the text of an HTML fragment, one line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._break(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def text(self) -> str:
        lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(self.parts).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def _break(self, tag: str) -> None:
        if _BLOCK_TAGS.fullmatch(tag):
            self.parts.append("\n")
