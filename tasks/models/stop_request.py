"""A request to stop that keeps the work: SIGTERM is noted, and the loop that trains ends where it may.

In: the process's signals. Out: a flag.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Whether the process was asked to stop while it listened."""

    def __init__(self) -> None:
        self.requested = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGTERM while the block runs; only a process's main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = signal.signal(signal.SIGTERM, self._request)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, previous)

    def _request(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  a handler's form
        self.requested = True
