"""A long stage's progress bar in Prefect's dashboard.

In: a stage's progress, told by the thread that reads its child's events. Out: one artifact, made
when the stage has run for a few seconds and moved every few seconds from then on. A server that is
away costs the bar and nothing else: a stage of hours must not fail for it.
"""

import logging
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from uuid import UUID
from collections import deque
from collections.abc import Mapping

_LONG_SECONDS = 5.0
_MOVE_SECONDS = 5.0
_PAUSE_SECONDS = 60.0
_WHOLE = 100.0
logger = logging.getLogger(__name__)
Progress = Mapping[str, float | str]
"""`done`, `total` and `unit`, with a rate and the time left where they are known, and live metrics."""


class ProgressBar:
    """The bar of one stage of one domain; made inside its task run."""

    def __init__(self, label: str, after_seconds: float = _LONG_SECONDS) -> None:
        self._key = f"progress-{label.replace(':', '-')}"
        self._label = label
        # The reader's thread knows nothing of the task run that the artifact belongs to.
        self._context = copy_context()
        self._due = time.monotonic() + after_seconds
        self._artifact: UUID | None = None

    def move(self, progress: Progress) -> None:
        """Show how far the stage is, if it is time to."""
        if time.monotonic() < self._due:
            return
        share = _WHOLE * float(progress["done"]) / max(1.0, float(progress["total"]))
        self._context.run(self._tell, min(share, _WHOLE), f"{self._label}: {describe_progress(progress)}")

    def finish(self) -> None:
        """Show that the stage is done, where its progress was shown at all."""
        if self._artifact is not None:
            self._context.run(self._tell, _WHOLE, f"{self._label}: done")

    def _tell(self, share: float, words: str) -> None:
        import httpx
        from prefect.artifacts import create_progress_artifact, update_progress_artifact
        from prefect.exceptions import PrefectException

        self._due = time.monotonic() + _MOVE_SECONDS
        try:
            if self._artifact is None:
                self._artifact = cast("UUID", create_progress_artifact(share, self._key, words))
            else:
                update_progress_artifact(self._artifact, share, words)
        except (httpx.HTTPError, PrefectException, OSError) as error:
            self._due += _PAUSE_SECONDS
            logger.warning("no progress in the dashboard: %s", error)


RATE = "per_second"
LEFT = "seconds_left"
_PLACE = frozenset({"done", "total", "unit", RATE, LEFT})
_MINUTE = 60
_HOUR = 3600
_DAY = 24 * _HOUR
PROGRESS = logging.getLogger("pocketmoe.progress")
"""Carries live progress as records with the fields `label` and `progress`."""


def announce(label: str, **progress: float | str) -> None:
    """Tell the terminal a stage's `state`, a `note`, or how far it is."""
    PROGRESS.info("", extra={"label": label, "progress": progress})


def describe_progress(progress: Progress) -> str:
    """Return one line such as `12 of 40 steps, 3.2 a minute, 9 min left, loss 2.31`."""
    head = f"{progress['done']:.0f} of {progress['total']:.0f} {progress['unit']}"
    pace = [_rate(float(progress[RATE])), f"{_span(float(progress[LEFT]))} left"] if RATE in progress else []
    extras = [f"{name} {value:.4g}" for name, value in progress.items() if name not in _PLACE]
    return ", ".join([head, *pace, *extras])


def _rate(per_second: float) -> str:
    for unit, seconds in (("a second", 1), ("a minute", _MINUTE), ("an hour", _HOUR)):
        if per_second * seconds >= 1:
            return f"{_two_digits(per_second * seconds)} {unit}"
    return f"{_two_digits(per_second * _DAY)} a day"


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004


def _span(seconds: float) -> str:
    """Return a time in words: its two greatest units where the smaller one matters."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    hours, minutes = divmod(round(seconds / _MINUTE), _MINUTE)
    return f"{hours} h {minutes} min"


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
        start, first = self._seen[0]
        if now - start < _LEAST_SECONDS or done <= first:
            return progress
        rate = (done - first) / (now - start)
        left = max(0.0, float(progress["total"]) - done) / rate
        return {**progress, RATE: rate, LEFT: left}
