"""Ctrl-C ends a run at once: stages get time to save a checkpoint, and nothing is left behind.

In: nothing. Out: exit code 130. The task runner would otherwise wait for every stage that is
running and then start those that wait for a slot.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psutil
from rich.console import Console

from tasks.child import GRACE_SECONDS

_INTERRUPTED = 130


@contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """End this process and all its descendants on the first Ctrl-C while the block runs."""
    before = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    console = Console(stderr=True, emoji=False)
    console.show_cursor()
    console.print("interrupted; what is built is kept: run again to go on")
    family = psutil.Process().children(recursive=True)
    for process in family:
        _terminate(process)
    _, stubborn = psutil.wait_procs(family, timeout=GRACE_SECONDS)
    for process in stubborn:
        process.kill()
    os._exit(_INTERRUPTED)


def _terminate(process: psutil.Process) -> None:
    try:
        process.terminate()
    except psutil.NoSuchProcess:
        return
