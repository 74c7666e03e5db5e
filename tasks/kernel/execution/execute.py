"""Execute a job: cache, child process, publishing, tracking, checkpoints and locks in one place.

In: a job, how it is asked for, and the settings of this machine. Out: the artifact, from the
cache or built. Runs are safe side by side: whoever holds a key's lock looks into the cache first,
so nobody builds the same thing twice, and heavy stages share a fixed number of slots.
"""

import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from tasks.kernel.artifacts import Artifact, Corpus, QADataset
from tasks.kernel.errors import StoreError
from tasks.kernel.execution.child import run_child
from tasks.kernel.execution.devices import available, device
from tasks.kernel.execution.locks import exclusive, one_of
from tasks.kernel.execution.progress import Pace, Progress, announce, describe_progress
from tasks.kernel.execution.worker import FULL_DISK, Event, Outcome, Request, explain
from tasks.kernel.fingerprint import Recipe, recipe_key
from tasks.kernel.job import Job, job_recipe, reuse_key
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.kernel.tracking.mlflow_run import DataInput, TrackedRun
from tasks.kernel.tracking.tracker import Tracker

A = TypeVar("A", bound=Artifact)
Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]
_LOG_EVERY_SECONDS = 10.0


@dataclass(frozen=True)
class Order:
    """How one run asks for a stage; none of it is part of the stage's identity."""

    label: str
    parent_run: str = ""
    """MLflow run that the stage is logged below."""
    since: datetime | None = None
    """A cached result must be at least this new; none: any age will do."""
    build: bool = True
    """Whether to build what is not there."""


@dataclass(frozen=True)
class Obtained(Generic[A]):
    """An artifact, and whether it was there already."""

    artifact: A
    cached: bool


@dataclass(frozen=True)
class Surroundings:
    """What the place where a stage runs offers it."""

    logger: Logger
    on_progress: Callable[[Progress], None]
    gpu_limit: Callable[[], AbstractContextManager[None]] | None = None
    """Waits until one more job of all machines together may use a GPU; none: this stage uses none."""


def obtain(
    stage: str, job: Job[A], order: Order, settings: Settings, around: Surroundings
) -> Obtained[A] | None:
    """Return the artifact of `job`, from the cache or built; none where it is neither there nor to be built.

    Raises PipelineError where building fails. What a failed attempt left in its scratch folder is
    there again for the next attempt.
    """
    recipe = job_recipe(stage, job)
    key = recipe_key(recipe)

    def on_wait() -> None:
        around.logger.info("another run is at it; waiting for its result")
        announce(order.label, note="another run is at it; waiting for its result")

    with exclusive(settings.locks, key, on_wait):
        found = _cached(job.produces, key, order, settings, around.logger)
        if found is not None:
            return Obtained(found, cached=True)
        if not order.build:
            return None
        slots = [f"slot-{socket.gethostname()}-{number}" for number in range(settings.slots)]
        with _gpu(settings, around) as gpu, one_of(settings.locks, slots):
            try:
                attempt = _Attempt(stage, job, recipe, order, settings, around)
                return Obtained(attempt.build(gpu), cached=False)
            except OSError as error:
                if error.errno in FULL_DISK:
                    raise StoreError(explain(error)) from error
                raise


def _cached(kind: type[A], key: str, order: Order, settings: Settings, logger: Logger) -> A | None:
    """Return what the cache knows, after forgetting a record whose bytes no longer verify."""
    known = Cache(settings.cache, settings.store_url)
    artifact = known.recall(kind, key, order.since)
    if artifact is None:
        return None
    store = Store(settings.store, settings.store_url)
    problem = store.damage(artifact)
    if not problem:
        store.share(artifact)
        known.use(key)
        return artifact
    logger.warning("%s; building it again", problem)
    announce(order.label, note=f"{problem}; building it again")
    known.forget(key)
    return None


@contextmanager
def _gpu(settings: Settings, around: Surroundings) -> Iterator[int | None]:
    """Hold a GPU for a stage that can use one, on a machine that has one."""
    if around.gpu_limit is None or not available(settings.gpus):
        yield None
        return
    with around.gpu_limit(), device(settings.gpus, settings.device_locks) as gpu:
        yield gpu


@dataclass(frozen=True)
class _Attempt(Generic[A]):
    """One attempt at building what a job asks for."""

    stage: str
    job: Job[A]
    recipe: Recipe
    order: Order
    settings: Settings
    around: Surroundings

    def build(self, gpu: int | None) -> A:
        """Run the job, publish and track what it made, and remember it."""
        key, settings = recipe_key(self.recipe), self.settings
        store, scratch = Store(settings.store, settings.store_url), settings.scratch / key
        announce(self.order.label, state="running")
        with store.staging() as out:
            scratch.mkdir(parents=True, exist_ok=True)
            with Tracker(settings.home).run(self.order.label, parent=self.order.parent_run) as tracked:
                tracked.log_inputs(_data_inputs(self.job, store))
                outcome = self._run(store, out, scratch, gpu, tracked)
                artifact = store.publish(self.job.produces, out, self._provenance(outcome, tracked.run_id))
                manifest = store.manifest(artifact).model_dump_json(indent=1)
                tracked.record(
                    self.recipe, outcome.metrics, store.folder(artifact), artifact.digest, manifest
                )
            known = Cache(settings.cache, settings.store_url)
            known.note_last(self.order.label, self.recipe)
            known.remember(key, artifact)
            shutil.rmtree(scratch, ignore_errors=True)
        return artifact

    def _run(self, store: Store, out: Path, scratch: Path, gpu: int | None, tracked: TrackedRun) -> Outcome:
        job, settings = self.job, self.settings
        artifacts = {name: store.fetch(artifact) for name, artifact in job.artifacts.items()}
        request = Request(
            module=job.runs(self.stage),
            inputs=artifacts | {name: path.resolve() for name, path in job.sources.items()},
            models=dict(job.models),
            config=job.config.model_dump(mode="json"),
            out=out,
            scratch=scratch,
            reuse=self._reuse(),
        )
        return run_child(
            request,
            scratch / "request.json",
            python=settings.convert_python if job.converter else Path(sys.executable),
            threads=settings.threads * (settings.slots if job.alone else 1),
            timeout=settings.stage_timeout,
            memory=settings.stage_memory,
            gpu=gpu,
            on_event=_listener(self.order.label, self.around, tracked),
        )

    def _reuse(self) -> Path | None:
        """Return the folder of the work that this job shares with others, marked as used just now."""
        if self.job.reuse is None:
            return None
        folder = self.settings.reuse / reuse_key(self.stage, self.job.reuse)
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        return folder

    def _provenance(self, outcome: Outcome, mlflow_run: str) -> Provenance:
        return Provenance(
            key=recipe_key(self.recipe),
            recipe=self.recipe,
            git_commit=_git_commit(),
            mlflow_run=mlflow_run,
            **outcome.model_dump(),
        )


def _data_inputs(job: Job[A], store: Store) -> list[DataInput]:
    """Return the data that the job reads, for MLflow: what is made of it is no data set."""
    return [
        DataInput(name, artifact.digest, str(store.folder(artifact)))
        for name, artifact in job.artifacts.items()
        if isinstance(artifact, Corpus | QADataset)
    ]


def _listener(label: str, around: Surroundings, tracked: TrackedRun) -> Callable[[Event], None]:
    """Return what hands a child's events on to the terminal, the run's log and both dashboards."""
    spoken, pace = time.monotonic(), Pace()

    def on_event(event: Event) -> None:
        nonlocal spoken
        if event.log is not None:
            name, level, message = event.log
            around.logger.log(level, "%s", message)
            if level >= logging.WARNING and name.startswith("tasks."):
                announce(label, note=message)
        if event.progress is None:
            return
        progress = pace.timed(event.progress)
        announce(label, **progress)
        tracked.step(event.progress)
        around.on_progress(progress)
        if time.monotonic() - spoken > _LOG_EVERY_SECONDS:
            spoken = time.monotonic()
            around.logger.info("%s", describe_progress(progress))

    return on_event


@cache
def _git_commit() -> str:
    """Return the project's commit, with `+` when the work tree differs; empty outside a checkout."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--abbrev=40", "--dirty=+"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
