"""A long stage's progress bar in Prefect's dashboard.

In: a stage's progress, told by the thread that reads its child's events. Out: one artifact, made
when the stage has run for a few seconds and moved every few seconds from then on. A server that is
away costs the bar and nothing else: a stage of hours must not fail for it.
"""

import logging
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, cast

from tasks.announce import Progress, describe_progress

if TYPE_CHECKING:
    from uuid import UUID

_LONG_SECONDS = 5.0
_MOVE_SECONDS = 5.0
_PAUSE_SECONDS = 60.0
_WHOLE = 100.0

logger = logging.getLogger(__name__)


class ProgressBar:
    """The bar of one stage of one domain; made inside its task run."""

    def __init__(self, label: str) -> None:
        self._key = f"progress-{label.replace(':', '-')}"
        self._label = label
        # The reader's thread knows nothing of the task run that the artifact belongs to.
        self._context = copy_context()
        self._due = time.monotonic() + _LONG_SECONDS
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
