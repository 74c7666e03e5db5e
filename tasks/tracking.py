"""MLflow: one parent run per flow run and one child run per stage and domain.

In: what a stage was given and what it measured. Out: run ids. Every call names its run,
because the fluent API opens stray runs in threads. Big weights are logged by reference.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

EXPERIMENT = "pocketmoe"
SMALL_FILE_BYTES = 1_000_000
_PARAM_CHARACTERS = 500


@dataclass(frozen=True)
class TrackedRun:
    """An open MLflow run."""

    client: MlflowClient
    run_id: str

    def record(
        self, recipe: Mapping[str, object], metrics: Mapping[str, float], data: Path, digest: str
    ) -> None:
        """Log parameters, metrics, small files, and the digest that stands for the big ones."""
        params = [Param(name, value[:_PARAM_CHARACTERS]) for name, value in flat(recipe, "").items()]
        values = [Metric(name, value, 0, 0) for name, value in metrics.items()]
        self.client.log_batch(self.run_id, values, params, [RunTag("pocketmoe.digest", digest)])
        for path in sorted(data.rglob("*")):
            if (
                path.is_file()
                and path.suffix in {".json", ".jsonl"}
                and path.stat().st_size < SMALL_FILE_BYTES
            ):
                self.client.log_artifact(self.run_id, str(path))


class Tracker:
    """The tracking database below the artifacts folder."""

    def __init__(self, home: Path) -> None:
        self.client, self._experiment = _connect(home)

    @contextmanager
    def run(
        self, name: str, *, parent: str = "", tags: Mapping[str, str] | None = None
    ) -> Iterator[TrackedRun]:
        """Open a run, below `parent` where one is given; it is marked failed when the body raises."""
        lineage = {MLFLOW_PARENT_RUN_ID: parent} if parent else {}
        run = self.client.create_run(self._experiment, tags={**lineage, **(tags or {})}, run_name=name)
        status = "FAILED"
        try:
            yield TrackedRun(self.client, run.info.run_id)
            status = "FINISHED"
        finally:
            self.client.set_terminated(run.info.run_id, status)


def tracking_uri(home: Path) -> str:
    """Return the absolute address of the tracking database below `home`."""
    return f"sqlite:///{home.resolve()}/mlflow/mlflow.db"


def flat(value: object, prefix: str) -> dict[str, str]:
    """Return nested mappings as dotted names with text values."""
    if isinstance(value, Mapping):
        pairs = ((f"{prefix}.{key}" if prefix else str(key), item) for key, item in value.items())
        return {name: text for key, item in pairs for name, text in flat(item, key).items()}
    return {prefix: value if isinstance(value, str) else json.dumps(value)}


@cache
def _connect(home: Path) -> tuple[MlflowClient, str]:
    """Open the database, made by one process at a time: a fresh SQLite file dies of two."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    folder = home.resolve() / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "init.lock"):
        client = MlflowClient(tracking_uri=tracking_uri(home))
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return client, found.experiment_id
        return client, client.create_experiment(EXPERIMENT, artifact_location=(folder / "files").as_uri())
