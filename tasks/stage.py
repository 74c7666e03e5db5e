"""`@stage`: a pure description of a job becomes a cached Prefect task that runs in a child process.

In: a function that says which artifacts, models and sources a stage consumes, with which
config, and what kind of artifact it produces. Out: a `Stage` that can be planned (its key
computed without running anything) or submitted. Prefect maps key to reference; the store
maps reference to bytes; a hit counts only when the bytes verify.
"""

import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from prefect import Task
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.results import ResultRecord  # type: ignore[attr-defined]  # imported there, not declared

from tasks.artifacts import Artifact, Store
from tasks.errors import StageError
from tasks.execute import announce, execute
from tasks.fingerprint import Recipe, recipe_key
from tasks.job import Job, job_recipe
from tasks.settings import Settings

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")


class Stage(Generic[P, A]):
    """One verb of the pipeline."""

    def __init__(self, describe: Callable[P, Job[A]]) -> None:
        self.describe = describe
        self.name = describe.__module__.split(".")[1]
        self._task_name = describe.__name__
        self._signature = inspect.signature(describe)

    def label(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return `stage:domain`, or the stage alone where it serves every domain."""
        domain = self._signature.bind(*args, **kwargs).arguments.get("domain", "")
        return f"{self.name}:{domain}" if domain else self.name

    def recipe(self, *args: P.args, **kwargs: P.kwargs) -> Recipe:
        """Return the identity of the computation; raise FingerprintError or DocumentError."""
        return job_recipe(self.name, self.describe(*args, **kwargs))

    def submit(self, settings: Settings, *args: P.args, **kwargs: P.kwargs) -> PrefectFuture[A]:
        """Submit to Prefect; arguments may be futures of other stages."""
        label = self.label(*args, **kwargs)
        keys: list[str] = []

        def body(*args: P.args, **kwargs: P.kwargs) -> A:
            job = self.describe(*args, **kwargs)
            if not keys:
                # Prefect only logs a cache key that fails, and would forget the result.
                raise StageError(
                    f"{label}: no cache key {recipe_key(job_recipe(self.name, job))[:12]}; run again"
                )
            return execute(self.name, job, label, settings, get_run_logger())

        def key(_: TaskRunContext, parameters: dict[str, Any]) -> str:
            bound = self._signature.bind(**parameters)
            keys.append(recipe_key(self.recipe(*bound.args, **bound.kwargs)))
            return _trusted_key(label, keys[-1], settings)

        vars(body)["__signature__"] = self._signature
        task: Task[..., A] = Task(
            fn=body,
            name=self._task_name,
            task_run_name=label,
            cache_key_fn=key,
            persist_result=True,
            cache_result_in_memory=False,
            result_storage=settings.cache,
            result_serializer="json",
            tags=[self.name],
        )
        return task.submit(*args, **kwargs)


def stage(describe: Callable[P, Job[A]]) -> Stage[P, A]:
    """Make a stage of a function in `tasks/<stage>/task.py` that describes its job."""
    return Stage(describe)


def cached(key: str, settings: Settings) -> Artifact | None:
    """Return the reference that Prefect recorded under `key`, if there is a readable record."""
    try:
        record: ResultRecord[object] = ResultRecord.deserialize((settings.cache / key).read_bytes())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record.result if isinstance(record.result, Artifact) else None


def _trusted_key(label: str, key: str, settings: Settings) -> str:
    """Return the cache key, after forgetting a record whose bytes no longer verify."""
    artifact = cached(key, settings)
    problem = Store(settings.store).damage(artifact) if artifact else "its cache record cannot be read"
    record = settings.cache / key
    if problem and record.exists():
        get_run_logger().warning("%s: %s; building it again", label, problem)
        announce(label, note=f"{problem}; building it again")
        record.unlink(missing_ok=True)
    return key
