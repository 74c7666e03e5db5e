"""Show a run while it goes on: a live table on a terminal, plain lines elsewhere.

In: log records of `pocketmoe.progress`. Out: text on standard error.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tasks.kernel.execution.progress import PROGRESS, describe_progress

_LINE_EVERY_SECONDS = 10.0
_STYLES = {
    "built": "green",
    "cached": "blue",
    "failed": "bold red",
    "running": "yellow",
    "skipped": "red",
    "left": "dim",
}


class Board(logging.Handler):
    """Keeps the newest word on every stage and shows it."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console
        self._start = time.monotonic()
        self._states: dict[str, str] = {}
        self._details: dict[str, str] = {}
        self._spoken: dict[str, float] = {}
        self.live = Live(console=console, get_renderable=self.table, refresh_per_second=2, transient=False)

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one progress record."""
        label, progress = vars(record)["label"], vars(record)["progress"]
        if "note" in progress:
            self._console.print(f"{label}: {progress['note']}", highlight=False, markup=False, soft_wrap=True)
            return
        before = self._states.get(label)
        self._states[label] = str(progress.get("state", "running"))
        if "done" in progress:
            self._details[label] = describe_progress(progress)
        if not self._console.is_terminal:
            self._speak(label, changed=before != self._states[label])

    def table(self) -> Table:
        """Return a row for each stage and domain."""
        table = Table("stage", "state", "progress", title=f"{time.monotonic() - self._start:.0f} s")
        for label, state in self._states.items():
            table.add_row(label, f"[{_STYLES.get(state, 'dim')}]{state}", self._details.get(label, ""))
        return table

    def _speak(self, label: str, *, changed: bool) -> None:
        now = time.monotonic()
        if self._states[label] == "waiting":
            return
        if changed or now - self._spoken.get(label, 0.0) > _LINE_EVERY_SECONDS:
            self._spoken[label] = now
            line = (
                f"{now - self._start:7.1f} s  {label}: {self._states[label]} {self._details.get(label, '')}"
            )
            self._console.print(line.rstrip(), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def shown_progress(console: Console) -> Iterator[None]:
    """Show progress records while the block runs."""
    board = Board(console)
    PROGRESS.setLevel(logging.INFO)
    PROGRESS.propagate = False
    PROGRESS.addHandler(board)
    try:
        if console.is_terminal:
            with board.live:
                yield
        else:
            yield
    finally:
        PROGRESS.removeHandler(board)
