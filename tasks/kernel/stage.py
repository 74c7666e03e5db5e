"""`@stage`: a pure description of a job becomes a cached Prefect task that runs in a child process.

In: a function that says which artifacts, models and sources a stage consumes, with which
config, and what kind of artifact it produces. Out: a `Stage` that can be planned (its recipe
computed without running anything) or submitted. The cache is the kernel's own, because a hit
counts only when the bytes verify; Prefect is told `Cached` and keeps no result itself. Prefect
is imported by `submit` alone: planning does not wait for it.
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from tasks.kernel.artifacts import Artifact
from tasks.kernel.execution.attempt import Order, Surroundings
from tasks.kernel.execution.execute import obtain
from tasks.kernel.execution.progress import ProgressBar
from tasks.kernel.fingerprint import Recipe
from tasks.kernel.job import Job, job_recipe
from tasks.kernel.settings import Settings

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")

GPU_LIMIT = "pocketmoe-gpu"
"""Prefect's global concurrency limit for jobs that use a GPU."""


class Stage(Generic[P, A]):
    """One verb of the pipeline."""

    def __init__(self, describe: Callable[P, Job[A]], *, accelerated: bool = False, name: str = "") -> None:
        self.describe = describe
        self.accelerated = accelerated
        self.name = name or describe.__module__.split(".")[1]
        self._task_name = describe.__name__
        self._signature = inspect.signature(describe)

    def label(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return `stage:domain`, or the stage alone where it serves every domain."""
        domain = self._signature.bind(*args, **kwargs).arguments.get("domain", "")
        return f"{self.name}:{domain}" if domain else self.name

    def recipe(self, *args: P.args, **kwargs: P.kwargs) -> Recipe:
        """Return the identity of the computation; raise FingerprintError or DocumentError."""
        return job_recipe(self.name, self.describe(*args, **kwargs))

    def submit(
        self, runner: "TaskRunner[Any]", order: Order, *args: P.args, **kwargs: P.kwargs
    ) -> "PrefectFuture[A]":
        """Submit to a started task runner; arguments may be futures of other stages."""
        from prefect import Task
        from prefect.cache_policies import NO_CACHE

        describe: Callable[..., Job[A]] = self.describe

        def body(inputs: dict[str, Any]) -> "State[A]":
            return _perform(self, describe(**inputs), order)

        task: Task[..., Any] = Task(
            fn=body,
            name=self._task_name,
            task_run_name=order.label,
            cache_policy=NO_CACHE,
            persist_result=False,
        )
        given = self._signature.bind(*args, **kwargs)
        given.apply_defaults()
        # In a mapping: of a future that is itself a parameter, Prefect asks the server for the state.
        future: PrefectFuture[A] = runner.submit(task, {"inputs": dict(given.arguments)})
        return future


def stage(describe: Callable[P, Job[A]]) -> Stage[P, A]:
    """Make a stage of a function in `tasks/<stage>/task.py` that describes its job."""
    return Stage(describe)


def accelerated_stage(describe: Callable[P, Job[A]]) -> Stage[P, A]:
    """Make a stage that uses a GPU where there is one."""
    return Stage(describe, accelerated=True)


def second_stage(name: str, *, accelerated: bool = False) -> Callable[[Callable[P, Job[A]]], Stage[P, A]]:
    """Return what makes a stage of its own name in a package that has one; its job names its module."""
    return lambda describe: Stage(describe, accelerated=accelerated, name=name)


def _perform(stage: Stage[P, A], job: Job[A], order: Order) -> "State[A]":
    """Obtain the artifact, and say in Prefect's words how; the settings are those of the worker's machine."""
    from prefect.logging import get_run_logger
    from prefect.states import Cancelled, Completed

    settings = Settings.read()
    bar = ProgressBar(order.label)
    # On Ray, `num_gpus` alone says who may use which GPU.
    counted = stage.accelerated and settings.task_runner != "ray"
    around = Surroundings(get_run_logger(), bar.move, _gpu_limit if counted else None)
    obtained = obtain(stage.name, job, order, settings, around)
    bar.finish()
    if obtained is None:
        return Cancelled(message="not there, and not asked for")
    return Completed(name="Cached" if obtained.cached else "Completed", data=obtained.artifact)


def _gpu_limit() -> AbstractContextManager[None]:
    """Take one of the GPUs that all machines together have, as counted by `pocketmoe setup`."""
    from prefect.concurrency.sync import concurrency

    # A lease that cannot be renewed must not end a training that holds its GPU anyway.
    return concurrency(GPU_LIMIT, occupy=1, strict=False, raise_on_lease_renewal_failure=False)
