"""Ctrl-C and SIGTERM end a run: stages get time to save a checkpoint, and nothing is left behind.

In: nothing. Out: exit code 130 or 143. The signal becomes an exception, so that every block of the
run ends the usual way: the flow stops its stages and tells Prefect, its server stores that and ends.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

_BY_SIGNAL = 128
"""A shell's exit code for a process that a signal ended is this plus the signal's number."""


@contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """Leave the block on the first Ctrl-C or SIGTERM and exit; on the second one exit at once."""
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if received:
            os._exit(_BY_SIGNAL + number)
        received.append(number)
        console = Console(stderr=True, emoji=False)
        console.show_cursor()
        console.print("interrupted; what is built is kept: run again to go on")
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(_BY_SIGNAL + received[0])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
