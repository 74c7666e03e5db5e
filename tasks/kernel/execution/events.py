"""Hand on what a child tells: its events in; the terminal, the run's log and both dashboards out.

Every event moves the bars at once; the log gets a line every few seconds, so that it stays readable.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tasks.kernel.execution.progress import Pace, Progress, announce, describe_progress
from tasks.kernel.execution.worker import Event
from tasks.kernel.tracking.mlflow_run import TrackedRun

Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]
_LOG_EVERY_SECONDS = 10.0


@dataclass
class EventListener:
    """Receives the events of one child."""

    label: str
    logger: Logger
    on_progress: Callable[[Progress], None]
    tracked: TrackedRun
    _pace: Pace = field(default_factory=Pace)
    _logged: float = field(default_factory=time.monotonic)

    def __call__(self, event: Event) -> None:
        """Hand one event on."""
        if event.log is not None:
            self._log(*event.log)
        if event.progress is not None:
            self._move(event.progress)

    def _log(self, name: str, level: int, message: str) -> None:
        self.logger.log(level, "%s", message)
        if level >= logging.WARNING and name.startswith("tasks."):
            announce(self.label, note=message)

    def _move(self, measured: Progress) -> None:
        progress = self._pace.timed(measured)
        announce(self.label, **progress)
        self.tracked.step(measured)
        self.on_progress(progress)
        if time.monotonic() - self._logged > _LOG_EVERY_SECONDS:
            self._logged = time.monotonic()
            self.logger.info("%s", describe_progress(progress))
