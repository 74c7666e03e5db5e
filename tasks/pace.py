"""How fast a stage goes and how long it has left.

In: a stage's progress events as they arrive. Out: the same events with `per_second` and
`seconds_left`. The first event is the start line: what a resumed stage found done already, and the
time of loading, say nothing about its speed.
"""

import time
from collections import deque

from tasks.announce import LEFT, RATE, Progress

_LEAST_SECONDS = 2.0
"""Before that a rate would be noise."""
_WINDOW_SECONDS = 300.0
"""The rate is that of the last minutes, because documents and batches differ."""


class Pace:
    """Times one stage of one domain."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()
        self._course: tuple[object, object] | None = None

    def timed(self, progress: Progress, now: float | None = None) -> Progress:
        """Return `progress` with its rate and the seconds left, where something was done since the start."""
        now = time.monotonic() if now is None else now
        done, course = float(progress["done"]), (progress["unit"], progress["total"])
        if course != self._course or (self._seen and done < self._seen[-1][1]):
            self._seen, self._course = deque(), course
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _WINDOW_SECONDS:  # noqa: PLR2004
            self._seen.popleft()
        start, begun = self._seen[0]
        if now - start < _LEAST_SECONDS or done <= begun:
            return progress
        rate = (done - begun) / (now - start)
        left = max(0.0, float(progress["total"]) - done) / rate
        return {**progress, RATE: rate, LEFT: left}
