"""MLflow: one parent run per flow run and one child run per stage and domain.

In: a server's address, or the artifacts folder below which a database stands. Out: open runs by
their ids: the fluent API opens stray runs in threads. MLflow takes two seconds to import, so that
waits until something is tracked. A server that cannot be reached is told before a stage begins.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from tasks.kernel.errors import ServiceError
from tasks.kernel.imports import importing
from tasks.kernel.tracking.mlflow_run import TrackedRun, asked, warned

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "pocketmoe"

_FIRST_SAMPLE_SECONDS, _LAST_SAMPLE_SECONDS, _SAMPLE_GROWTH = 1.0, 30.0, 1.5


class Tracker:
    """The tracking server, or the database below the artifacts folder `home`."""

    def __init__(self, home: Path, uri: str = "") -> None:
        self.uri = uri or tracking_uri(home)
        self.client, self._experiment = _connect(self.uri, home.resolve() / "mlflow")

    @contextmanager
    def run(
        self, name: str, *, parent: str = "", tags: Mapping[str, str] | None = None, resume: str = ""
    ) -> Iterator[TrackedRun]:
        """Open a run, below `parent` where one is given; it is marked failed when the body raises.

        `resume` is the id of a run that started earlier and goes on. Raises ServiceError where
        MLflow cannot be reached.
        """
        tracked = TrackedRun(self.client, self._open(name, parent, tags or {}, resume))
        status = "FAILED"
        try:
            with _machine_watched(tracked.run_id, self.uri, again=bool(resume)):
                yield tracked
            status = "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            tracked.flush()
            with warned("the end of the run"):
                asked(self.client.set_terminated, tracked.run_id, status)

    @property
    def experiment(self) -> tuple[str, int]:
        """Return where our experiment keeps its files and when it was made: no other folder's is the same."""
        found = asked(self.client.get_experiment, self._experiment)
        return str(found.artifact_location), int(found.creation_time or 0)

    def _open(self, name: str, parent: str, tags: Mapping[str, str], resume: str) -> str:
        from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

        if resume:
            asked(self.client.update_run, resume, status="RUNNING")
            return resume
        lineage = {MLFLOW_PARENT_RUN_ID: parent} if parent else {}
        run = asked(self.client.create_run, self._experiment, tags={**lineage, **tags}, run_name=name)
        return str(run.info.run_id)


def tracking_uri(home: Path) -> str:
    """Return MLFLOW_TRACKING_URI, or the address of the database below `home` where it is not set."""
    return os.environ.get("MLFLOW_TRACKING_URI") or database_uri(home)


def database_uri(home: Path) -> str:
    """Return the absolute address of the tracking database below `home`."""
    return f"sqlite:///{home.resolve()}/mlflow/mlflow.db"


@cache
def _connect(uri: str, folder: Path) -> "tuple[MlflowClient, str]":
    """Open the server or database; a database is made by one process at a time: a fresh file dies of two."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "4")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    with importing():
        from mlflow import MlflowClient
    if uri.startswith("http"):
        client = MlflowClient(uri)
        return client, _experiment(client, None)
    folder.mkdir(parents=True, exist_ok=True)
    # A client of a database imports what speaks to it.
    with FileLock(folder / "init.lock"), importing():
        client = MlflowClient(uri)
        return client, _experiment(client, (folder / "files").as_uri())


def _experiment(client: "MlflowClient", files: str | None) -> str:
    """Return the id of our experiment, made where it is missing; a server chooses the place of its files."""
    found = asked(client.get_experiment_by_name, EXPERIMENT)
    if found is None:
        try:
            return str(asked(client.create_experiment, EXPERIMENT, artifact_location=files))
        except ServiceError:
            found = asked(client.get_experiment_by_name, EXPERIMENT)
            if found is None:
                raise
    return str(found.experiment_id)


@contextmanager
def _machine_watched(run_id: str, uri: str, *, again: bool) -> Iterator[None]:
    """Log the machine's load, often in the first seconds and twice a minute in the end."""
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    class Monitor(SystemMetricsMonitor):
        def publish_metrics(self, metrics: dict[str, float]) -> None:
            super().publish_metrics(metrics)  # type: ignore[no-untyped-call]  # MLflow has no types here
            self.sampling_interval = min(self.sampling_interval * _SAMPLE_GROWTH, _LAST_SAMPLE_SECONDS)

    logging.getLogger("mlflow.system_metrics").setLevel(logging.CRITICAL)
    monitor: Any = None
    with warned("the machine's load"):
        monitor = asked(Monitor, run_id, _FIRST_SAMPLE_SECONDS, resume_logging=again, tracking_uri=uri)
        monitor.start()
    try:
        yield
    finally:
        if monitor is not None:
            monitor.finish()
