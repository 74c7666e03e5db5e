"""The terminal's two directions: questions from a prompt or a pipe in, text as it is out.

What people and models write is data: neither markup nor emoji names are read in it, and no control
character of it reaches the terminal.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

from rich.console import Console

Ask = Callable[[], str]
"""Returns the next question that is typed in; raises EOFError after the last."""
FAREWELLS = {"", "exit", "quit"}
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def questions_of(console: Console) -> Iterator[str]:
    """Yield what is typed in until a farewell; elsewhere every line of standard input that is not blank."""
    if sys.stdin.isatty():
        return until_farewell(lambda: console.input("> ", markup=False))
    return _lines(sys.stdin)


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


def _lines(source: TextIO) -> Iterator[str]:
    """Yield each line that is not blank: a file's lines are questions, whatever they say."""
    if isinstance(source, TextIOWrapper):
        source.reconfigure(errors="replace")  # a byte that is no text costs its character alone
    with suppress(KeyboardInterrupt):
        yield from filter(None, map(str.strip, source))
