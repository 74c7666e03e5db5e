"""Where a conversation's questions come from: a prompt or a pipe in, questions out until they end."""

import sys
from collections.abc import Callable, Iterator

from rich.console import Console

Ask = Callable[[], str]
"""Returns the next question; raises EOFError after the last."""
FAREWELLS = {"", "exit", "quit"}


def questions_of(console: Console) -> Ask:
    """Return a source of questions: a prompt on a terminal, the lines of standard input elsewhere."""
    if sys.stdin.isatty():
        return lambda: console.input("> ", markup=False)
    return _line


def until_farewell(ask: Ask) -> Iterator[str]:
    """Yield questions until there are no more, Ctrl-C, or one that is empty, `exit` or `quit`."""
    while (question := _next(ask)) is not None:
        yield question


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
