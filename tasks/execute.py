"""Execute a job: child process, publishing, tracking, checkpoints and locks in one place.

In: a job and the settings of this machine. Out: the published artifact. Runs are safe side
by side: one lock per key, so that nobody builds the same thing twice, and a fixed number of
slots for heavy stages. Both are file locks, which the operating system drops with the process.
"""

import json
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from tasks.artifacts import Artifact, Provenance, Store
from tasks.child import run_child
from tasks.fingerprint import Recipe, recipe_key
from tasks.job import Job, job_recipe
from tasks.settings import PROJECT, Settings
from tasks.tracking import Tracker
from tasks.worker import Event, Outcome, Request

A = TypeVar("A", bound=Artifact)
Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]

PROGRESS = logging.getLogger("pocketmoe.progress")
"""Carries live progress as records with the fields `label` and `progress`."""

_LOG_EVERY_SECONDS = 10.0
_POLL_SECONDS = 0.2


def execute(stage: str, job: Job[A], label: str, settings: Settings, logger: Logger) -> A:
    """Build the artifact of `job`; raise PipelineError where that fails.

    What a failed attempt left in its scratch folder is there again for the next attempt.
    """
    recipe = job_recipe(stage, job)
    key = recipe_key(recipe)
    scratch = settings.scratch / key
    store = Store(settings.store)
    tracker = Tracker(settings.home)
    with _lock(settings, key), _slot(settings), store.staging() as out:
        announce(label, state="running")
        scratch.mkdir(parents=True, exist_ok=True)
        with tracker.run(label, parent=settings.parent_run) as tracked:
            outcome = _run(stage, job, out, scratch, settings, _listener(label, logger))
            artifact = store.publish(job.produces, out, _provenance(recipe, outcome, tracked.run_id))
            tracked.record(recipe, outcome.metrics, store.folder(artifact), artifact.digest)
        _remember(settings, label, recipe)
        shutil.rmtree(scratch, ignore_errors=True)
    return artifact


def last_recipe(settings: Settings, label: str) -> Recipe | None:
    """Return the recipe with which this stage and domain were last built."""
    path = _memory(settings, label)
    recipe: Recipe | None = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return recipe


def announce(label: str, **progress: float | str) -> None:
    """Tell the terminal a stage's `state`, a `note`, or how far it is."""
    PROGRESS.info("", extra={"label": label, "progress": progress})


def describe_progress(progress: Mapping[str, float | str]) -> str:
    """Return one line such as `12 of 40 steps, loss 2.31`."""
    head = f"{progress['done']:.0f} of {progress['total']:.0f} {progress['unit']}"
    extras = [
        f"{name} {value:.4g}" for name, value in progress.items() if name not in {"done", "total", "unit"}
    ]
    return ", ".join([head, *extras])


def _run(
    stage: str,
    job: Job[A],
    out: Path,
    scratch: Path,
    settings: Settings,
    on_event: Callable[[Event], None],
) -> Outcome:
    store = Store(settings.store)
    artifacts = {name: store.folder(artifact) for name, artifact in job.artifacts.items()}
    request = Request(
        module=f"tasks.{stage}.run",
        inputs=artifacts | {name: path.resolve() for name, path in job.sources.items()},
        models=dict(job.models),
        config=job.config.model_dump(mode="json"),
        out=out,
        scratch=scratch,
    )
    return run_child(
        request,
        scratch / "request.json",
        python=settings.convert_python if job.converter else Path(sys.executable),
        threads=settings.threads * (settings.slots if job.alone else 1),
        timeout=settings.stage_timeout,
        on_event=on_event,
    )


def _provenance(recipe: Recipe, outcome: Outcome, mlflow_run: str) -> Provenance:
    return Provenance(
        key=recipe_key(recipe),
        recipe=recipe,
        git_commit=_git_commit(),
        mlflow_run=mlflow_run,
        **outcome.model_dump(),
    )


def _listener(label: str, logger: Logger) -> Callable[[Event], None]:
    """Return what hands a child's events on to the terminal and to the run's log."""
    spoken = time.monotonic()

    def on_event(event: Event) -> None:
        nonlocal spoken
        if event.log is not None:
            name, level, message = event.log
            logger.log(level, "%s", message)
            if level >= logging.WARNING and name.startswith("tasks."):
                announce(label, note=message)
        if event.progress is None:
            return
        announce(label, **event.progress)
        if time.monotonic() - spoken > _LOG_EVERY_SECONDS:
            spoken = time.monotonic()
            logger.info("%s", describe_progress(event.progress))

    return on_event


def _lock(settings: Settings, name: str) -> FileLock:
    folder = settings.home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")


@contextmanager
def _slot(settings: Settings) -> Iterator[None]:
    """Hold one of the machine's slots for heavy stages."""
    locks = [_lock(settings, f"slot-{number}") for number in range(settings.slots)]
    while True:
        for lock in locks:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            try:
                yield
            finally:
                lock.release()
            return
        time.sleep(_POLL_SECONDS)


def _remember(settings: Settings, label: str, recipe: Recipe) -> None:
    path = _memory(settings, label)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{recipe_key(recipe)[:12]}")
    partial.write_text(json.dumps(recipe), encoding="utf-8")
    partial.replace(path)


def _memory(settings: Settings, label: str) -> Path:
    return settings.home / "last" / f"{label.replace(':', '-')}.json"


@cache
def _git_commit() -> str:
    """Return the project's commit, with `+` when the work tree differs; empty outside a checkout."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--abbrev=40", "--dirty=+"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
