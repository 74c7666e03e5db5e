"""The largest memory that a run and all its child processes held at one time.

In: nothing. Out: bytes, sampled twice a second from outside the stages. Memory that
processes share is counted once for each of them, so the figure errs on the high side.
"""

import threading
from types import TracebackType
from typing import Self

import psutil

_INTERVAL_SECONDS = 0.5


class PeakMemory:
    """Watch this process and its descendants while the `with` block runs."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching."""
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while True:
            tree = [process, *process.children(recursive=True)]
            self.peak_bytes = max(self.peak_bytes, sum(_resident(member) for member in tree))
            if self._done.wait(_INTERVAL_SECONDS):
                return


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
