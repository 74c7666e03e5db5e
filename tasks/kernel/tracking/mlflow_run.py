"""One open MLflow run: what a stage was given, how far it is and what it measured.

In: values and small files. Out: calls to MLflow, in batches. Nothing here fails the work that it
tells of: what MLflow refuses is a warning, because work of hours must not be lost for want of its log.
"""

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tasks.kernel.errors import ServiceError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

P = ParamSpec("P")
T = TypeVar("T")

SMALL_FILE_BYTES = 2_000_000
"""Coverage of a library of 10,000 pages takes 1 MB."""
PARAM_CHARACTERS = 6000
DIGEST_CHARACTERS = 36
"""MLflow's own limits for a parameter's value and for the digest of a data set."""
PLACE = frozenset({"done", "total", "unit"})
"""Fields of a stage's progress that say where it is; the others are measured there."""

_KEY_CHARACTERS = 250
_NO_KEY = re.compile(r"[^/\w.\- :]")
_BATCH = 1000
_PARAM_BATCH = _TAG_BATCH = 100
_FLUSH_SECONDS = 5.0
_BUSY_PAUSES = (0.5, 1.0, 2.0, 4.0)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataInput:
    """A data set that a stage reads."""

    name: str
    """Such as `qa/anxiety`."""
    digest: str
    source: str
    """Folder or address of its bytes."""


@dataclass
class TrackedRun:
    """An open MLflow run; nothing but opening it can fail the work that it tells of."""

    client: "MlflowClient"
    run_id: str
    _waiting: "list[Metric]" = field(default_factory=list)
    _flushed: float = field(default_factory=time.monotonic)
    _last_step: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(
        self,
        recipe: Mapping[str, object],
        metrics: Mapping[str, float],
        data: Path,
        digest: str,
        manifest: str = "",
    ) -> None:
        """Log parameters, metrics, small files, the manifest, and the digest that stands for the big ones."""
        with warned("the stage's record"):
            self._log_values(recipe, metrics, digest)
            if manifest:
                asked(self.client.log_text, self.run_id, manifest, "manifest.json")
            for path in filter(_is_small, sorted(data.rglob("*"))):
                folder = path.parent.relative_to(data).as_posix()
                asked(self.client.log_artifact, self.run_id, str(path), "" if folder == "." else folder)

    def step(self, progress: Mapping[str, float | str]) -> None:
        """Log what a stage measures on its way, at step `done`; written every few seconds."""
        from mlflow.entities import Metric

        number, now = int(progress["done"]), _milliseconds()
        values = [
            Metric(name, float(value), now, number)
            for name, value in progress.items()
            if name not in PLACE and not isinstance(value, str)
        ]
        with self._lock:
            self._waiting.extend(values)
            self._last_step = max(self._last_step, number)
            due = len(self._waiting) >= _BATCH or time.monotonic() - self._flushed > _FLUSH_SECONDS
        if due:
            self.flush()

    def flush(self) -> None:
        """Write the measurements that wait."""
        with self._lock:
            values, self._waiting = self._waiting, []
            self._flushed = time.monotonic()
        with warned(f"{len(values)} measurements"):
            for part in _parts(values, _BATCH):
                asked(self.client.log_batch, self.run_id, metrics=part)

    def tag(self, tags: Mapping[str, str]) -> None:
        """Set the tags in as few calls as can be."""
        from mlflow.entities import RunTag

        with warned("tags"):
            for part in _parts([RunTag(key, value) for key, value in tags.items()], _TAG_BATCH):
                asked(self.client.log_batch, self.run_id, tags=part)

    def log_inputs(self, inputs: Sequence[DataInput]) -> None:
        """Name the data sets that the stage reads."""
        from mlflow.entities import Dataset, DatasetInput, InputTag
        from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

        datasets = [
            DatasetInput(
                Dataset(
                    name=data.name,
                    digest=data.digest[:DIGEST_CHARACTERS],
                    source_type="s3" if data.source.startswith("s3:") else "local",
                    source=json.dumps({"uri": data.source}),
                ),
                [InputTag(MLFLOW_DATASET_CONTEXT, data.name.partition("/")[0])],
            )
            for data in inputs
        ]
        with warned("data set inputs"):
            for part in _parts(datasets, _BATCH):
                asked(self.client.log_inputs, self.run_id, part)

    def _log_values(self, recipe: Mapping[str, object], metrics: Mapping[str, float], digest: str) -> None:
        from mlflow.entities import Metric, Param

        self.flush()
        now, last = _milliseconds(), self._last_step
        values = [Metric(name, value, now, last) for name, value in metrics.items()]
        for part in _parts(values, _BATCH):
            asked(self.client.log_batch, self.run_id, metrics=part)
        params = [Param(_key(name), value[:PARAM_CHARACTERS]) for name, value in flat(recipe, "").items()]
        for batch in _parts(params, _PARAM_BATCH):
            asked(self.client.log_batch, self.run_id, params=batch)
        asked(self.client.set_tag, self.run_id, "pocketmoe.digest", digest)


def flat(value: object, prefix: str) -> dict[str, str]:
    """Return nested mappings as dotted names with text values."""
    if isinstance(value, Mapping):
        pairs = ((f"{prefix}.{key}" if prefix else str(key), item) for key, item in value.items())
        return {name: text for key, item in pairs for name, text in flat(item, key).items()}
    return {prefix: value if isinstance(value, str) else json.dumps(value)}


def _key(name: str) -> str:
    """Return a parameter's name as MLflow takes it: it may hold the name of any file."""
    plain = _NO_KEY.sub("_", name).replace("//", "/")
    if plain == name and len(name) <= _KEY_CHARACTERS:
        return name
    own = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: _KEY_CHARACTERS - 9]}-{own}"


def asked(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call MLflow, again while its database is busy; raise ServiceError where it refuses.

    MLflow waits 20 s for SQLite's lock; a lock that two writers want at once fails without waiting.
    """
    from mlflow.exceptions import MlflowException

    for pause in (*_BUSY_PAUSES, None):
        try:
            return call(*args, **kwargs)
        except MlflowException as error:
            if pause is None or error.error_code != "TEMPORARILY_UNAVAILABLE":
                raise ServiceError(
                    f"MLflow: {error.message}; is MLFLOW_TRACKING_URI right, and its server up?"
                ) from error
            time.sleep(pause)
    raise AssertionError


@contextmanager
def warned(what: str) -> Iterator[None]:
    """Turn MLflow's refusal to take `what` into a warning."""
    try:
        yield
    except (ServiceError, OSError) as error:
        logger.warning("not in MLflow: %s (%s)", what, error)


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _is_small(path: Path) -> bool:
    return (
        path.suffix in {".json", ".jsonl", ".md"}
        and path.is_file()
        and path.stat().st_size < SMALL_FILE_BYTES
    )


def _milliseconds() -> int:
    return int(time.time() * 1000)
