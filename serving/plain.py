"""Text on a terminal as it is, for what people and models write is data.

In: text. Out: the same without control characters; neither markup nor emoji names are read in it.
"""

from rich.console import Console

_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def plain(text: str) -> str:
    """Return the text without control characters, and with a mark for what no output can write."""
    return whole(text).translate(_CONTROL)


def whole(text: str) -> str:
    """Return the text with a question mark for each byte or half character that is no text."""
    return text.encode(errors="replace").decode()


def say(console: Console, text: str, style: str = "", end: str = "\n") -> None:
    """Print text as it is, without control characters."""
    console.print(
        plain(text), style=style, end=end, markup=False, emoji=False, highlight=False, soft_wrap=True
    )
