"""One attempt at building what a job asks for: a child process, publishing, tracking, remembering.

In: a job, how it is asked for, and the settings of this machine. Out: the published artifact. What a
failed attempt left in its scratch folder is there again for the next one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from tasks.kernel.artifacts import Artifact, Corpus, QADataset
from tasks.kernel.errors import PipelineError
from tasks.kernel.execution import located
from tasks.kernel.execution.child import run_child
from tasks.kernel.execution.events import EventListener, Logger
from tasks.kernel.execution.progress import Progress, announce
from tasks.kernel.execution.unchanged import ChangedInputError, Seen, require_unchanged
from tasks.kernel.execution.worker import Outcome, Request
from tasks.kernel.fingerprint import contents, recipe_key
from tasks.kernel.job import Job, reuse_key
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.manifest import Provenance
from tasks.kernel.storage.store import Store
from tasks.kernel.tracking.mlflow_run import DataInput, TrackedRun
from tasks.kernel.tracking.tracker import Tracker

A = TypeVar("A", bound=Artifact)


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
class Surroundings:
    """What the place where a stage runs offers it."""

    logger: Logger
    on_progress: Callable[[Progress], None]
    gpu_limit: Callable[[], AbstractContextManager[None]] | None = None
    """Waits until one more job of all machines together may use a GPU; none: this stage uses none."""


@dataclass(frozen=True)
class Attempt(Generic[A]):
    """One attempt at building what a job asks for."""

    stage: str
    job: Job[A]
    seen: Seen
    order: Order
    settings: Settings
    around: Surroundings

    def build(self, gpu: int | None) -> A:
        """Run the job, publish and track what it made, and remember it."""
        key, settings = recipe_key(self.seen.recipe), self.settings
        store, scratch = Store(settings.store, settings.store_url), settings.scratch / key
        announce(self.order.label, state="running")
        with store.staging() as out:
            scratch.mkdir(parents=True, exist_ok=True)
            with Tracker(settings.home).run(self.order.label, parent=self.order.parent_run) as tracked:
                tracked.log_inputs(_data_inputs(self.job, store))
                outcome = self._read(store, out, scratch, gpu, tracked)
                artifact = store.publish(self.job.produces, out, self._provenance(outcome, tracked.run_id))
                manifest = store.manifest(artifact).model_dump_json(indent=1)
                tracked.record(
                    self.seen.recipe, outcome.metrics, store.folder(artifact), artifact.digest, manifest
                )
            known = Cache(settings.cache, settings.store_url)
            known.note_last(self.order.label, self.seen.recipe)
            known.remember(key, artifact)
            shutil.rmtree(scratch, ignore_errors=True)
        return artifact

    def _read(self, store: Store, out: Path, scratch: Path, gpu: int | None, tracked: TrackedRun) -> Outcome:
        """Run the job, and make sure that what it read, or failed at, is what its key says."""
        shared = self._reuse()
        try:
            outcome = self._run(store, out, scratch, gpu, tracked)
        except PipelineError:
            self._require_unchanged(scratch, shared)
            raise
        self._require_unchanged(scratch, shared)
        return outcome

    def _require_unchanged(self, scratch: Path, shared: Path | None) -> None:
        """Raise ChangedInputError, and leave nothing that a later attempt would take over."""
        try:
            require_unchanged(self.stage, self.job, self.seen)
        except ChangedInputError:
            shutil.rmtree(scratch, ignore_errors=True)
            if self.job.reuse and shared and any(contents(self.job.reuse.config)):
                shutil.rmtree(shared, ignore_errors=True)
            raise

    def _run(self, store: Store, out: Path, scratch: Path, gpu: int | None, tracked: TrackedRun) -> Outcome:
        job, settings = self.job, self.settings

        def child(request: Request, python: Path) -> Outcome:
            return run_child(
                request,
                scratch / "request.json",
                python=python,
                threads=settings.threads * (settings.slots if job.alone else 1),
                timeout=settings.stage_timeout,
                memory=settings.stage_memory,
                gpu=gpu,
                variables={"POCKETMOE_TASK_PYTHON": str(settings.task_python.absolute())},
                on_event=EventListener(
                    self.order.label, self.around.logger, self.around.on_progress, tracked
                ),
            )

        request, own = self._request(store, out, scratch), Path(sys.executable)
        if not job.converter:
            return child(request, own)
        if request.models:
            child(located.asked_by(request), own)
            request = located.answered(request)
        return child(request, settings.convert_python)

    def _request(self, store: Store, out: Path, scratch: Path) -> Request:
        job = self.job
        artifacts = {name: store.fetch(artifact) for name, artifact in job.artifacts.items()}
        return Request(
            module=job.runs(self.stage),
            inputs=artifacts | {name: path.absolute() for name, path in job.sources.items()},
            models={name: model.model_dump(mode="json") for name, model in job.models.items()},
            config=job.config.model_dump(mode="json"),
            out=out,
            scratch=scratch,
            reuse=self._reuse(),
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
            key=recipe_key(self.seen.recipe),
            recipe=self.seen.recipe,
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


@cache
def _git_commit() -> str:
    """Return the project's commit, with `+` when the work tree differs; empty outside a checkout."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--abbrev=40", "--dirty=+"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
