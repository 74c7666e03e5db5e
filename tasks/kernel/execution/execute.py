"""Obtain what a job asks for: from the cache, or by an attempt at building it.

In: a job, how it is asked for, and the settings of this machine. Out: the artifact. Runs are safe
side by side: whoever holds a key's lock looks into the cache first, so nobody builds the same thing
twice, and heavy stages share a fixed number of slots.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import StoreError
from tasks.kernel.execution.attempt import Attempt, Order, Surroundings
from tasks.kernel.execution.devices import available, device
from tasks.kernel.execution.events import Logger
from tasks.kernel.execution.locks import exclusive, one_of
from tasks.kernel.execution.progress import announce
from tasks.kernel.execution.unchanged import REMEDY, ChangedInputError, require_untouched, see
from tasks.kernel.execution.worker import FULL_DISK, explain
from tasks.kernel.fingerprint import recipe_key
from tasks.kernel.job import Job
from tasks.kernel.settings import Settings
from tasks.kernel.storage.cache import Cache
from tasks.kernel.storage.store import Store

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True)
class Obtained(Generic[A]):
    """An artifact, and whether it was there already."""

    artifact: A
    cached: bool


def obtain(
    stage: str, job: Job[A], order: Order, settings: Settings, around: Surroundings
) -> Obtained[A] | None:
    """Return the artifact of `job`, from the cache or built; none where it is neither there nor to be built.

    Where the job's own files change after its key was made of them it starts once more, with a new key.
    Raises ChangedInputError where they do so again, and PipelineError where building fails. What a failed
    attempt left in its scratch folder is there again for the next attempt.
    """
    try:
        return _obtain(stage, job, order, settings, around)
    except ChangedInputError as changed:
        told = f"{str(changed).removesuffix(REMEDY)}; starting once more, with what is there now"
        around.logger.warning(told)
        announce(order.label, note=told)
    return _obtain(stage, job, order, settings, around)


def _obtain(
    stage: str, job: Job[A], order: Order, settings: Settings, around: Surroundings
) -> Obtained[A] | None:
    seen = see(stage, job)
    key = recipe_key(seen.recipe)

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
            require_untouched(stage, job, seen)
            try:
                attempt = Attempt(stage, job, seen, order, settings, around)
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
