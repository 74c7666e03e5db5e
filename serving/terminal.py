"""The terminal's two directions: questions from a prompt or a pipe in, text as it is out.

What people and models write is data: neither markup nor emoji names are read in it, and no control
character of it reaches the terminal.
"""

import sys
from collections.abc import Callable, Iterator

from rich.console import Console

Ask = Callable[[], str]
"""Returns the next question; raises EOFError after the last."""
FAREWELLS = {"", "exit", "quit"}
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def questions_of(console: Console) -> Ask:
    """Return a source of questions: a prompt on a terminal, the lines of standard input elsewhere."""
    if sys.stdin.isatty():
        return lambda: console.input("> ", markup=False)
    return _line


def until_farewell(ask: Ask) -> Iterator[str]:
    """Yield questions until there are no more, Ctrl-C, or one that is empty, `exit` or `quit`."""
    while (question := _next(ask)) is not None:
        yield question


def say(console: Console, text: str, style: str = "", end: str = "\n") -> None:
    """Print text as it is, without control characters."""
    console.print(
        plain(text), style=style, end=end, markup=False, emoji=False, highlight=False, soft_wrap=True
    )


def plain(text: str) -> str:
    """Return the text without control characters, and with a mark for what no output can write."""
    return whole(text).translate(_CONTROL)


def whole(text: str) -> str:
    """Return the text with a question mark for each byte or half character that is no text."""
    return text.encode(errors="replace").decode()


def _next(ask: Ask) -> str | None:
    try:
        question = ask().strip()
    except (EOFError, KeyboardInterrupt):
        return None
    return None if question.lower() in FAREWELLS else question


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
