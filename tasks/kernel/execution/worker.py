"""The child's end of a stage: run as a module with REQUEST and EVENTS, it runs one stage function.

In: a request file that names the stage's module, its input folders and its config. Out: a
stream of events on the file descriptor EVENTS, the last of which is the outcome or an error.
Nothing here knows the store, Prefect or MLflow, so it runs in any environment with pydantic.
"""

import errno
import importlib
import logging
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import get_type_hints

from pydantic import BaseModel, JsonValue

from tasks.kernel.errors import PipelineError
from tasks.kernel.workspace import Workspace

USER_ERROR = 2
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


class Request(BaseModel):
    """What the child is to do."""

    module: str
    """A module with a function `run(inputs, config, work)`."""
    inputs: dict[str, Path]
    models: dict[str, dict[str, JsonValue]]
    """Base models as JSON, which become input folders under these names."""
    config: dict[str, object]
    out: Path
    scratch: Path
    reuse: Path | None = None


class Outcome(BaseModel):
    """What the child did."""

    metrics: dict[str, float]
    seconds: float
    peak_memory_bytes: int
    packages: dict[str, str]


class Event(BaseModel):
    """One line from the child: exactly one field is set."""

    progress: dict[str, float | str] | None = None
    log: tuple[str, int, str] | None = None
    """Logger, level and message."""
    outcome: Outcome | None = None
    error: str | None = None


Emit = Callable[[Event], None]


def main(request_file: str, events: str) -> int:
    """Do what the request file says, write events to the open descriptor, return the exit code."""
    with os.fdopen(int(events), "w", encoding="utf-8", buffering=1) as stream:

        def emit(event: Event) -> None:
            stream.write(event.model_dump_json(exclude_none=True) + "\n")

        logging.basicConfig(level=logging.INFO, handlers=[_EventHandler(emit)], force=True)
        try:
            request = Request.model_validate_json(Path(request_file).read_bytes())
            emit(Event(outcome=perform(request, emit)))
        except (PipelineError, MemoryError, OSError) as error:
            emit(Event(error=explain(error)))
            return USER_ERROR
    return 0


def perform(request: Request, emit: Emit) -> Outcome:
    """Call the stage's function and measure it."""
    start = time.monotonic()
    run = importlib.import_module(request.module).run
    config = get_type_hints(run)["config"].model_validate(request.config)

    def progress(done: int, total: int, unit: str, **metrics: float) -> None:
        emit(Event(progress={"done": done, "total": total, "unit": unit, **metrics}))

    work = Workspace(request.out, request.scratch, progress, request.reuse)
    metrics = run(request.inputs | _model_folders(request), config, work)
    return Outcome(
        metrics=metrics,
        seconds=time.monotonic() - start,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        packages=_loaded_packages(),
    )


def explain(error: Exception) -> str:
    """Return one sentence that says what is wrong and what to do."""
    if isinstance(error, MemoryError):
        return "out of memory; lower the stage's batch size, or POCKETMOE_SLOTS to run fewer stages at once"
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        place = error.filename or "the artifacts folder"
        return f"{place}: the disk is full; free some space and run again: what is built is kept"
    return str(error)


class _EventHandler(logging.Handler):
    """Send log records to the parent."""

    def __init__(self, emit: Emit) -> None:
        super().__init__()
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        self._emit(Event(log=(record.name, record.levelno, record.getMessage())))


def _model_folders(request: Request) -> dict[str, Path]:
    if not request.models:
        return {}
    # The kernel's only way to models: what they are and where they come from is theirs to know.
    from tasks.models.sources import model_folders

    return model_folders(request.models)


def _loaded_packages() -> dict[str, str]:
    """Return name and version of the distributions whose modules this process imported."""
    owners = packages_distributions()
    loaded = {name.partition(".")[0] for name in sys.modules}
    names = {owner for name in loaded for owner in owners.get(name, ())} - {"pocketmoe"}
    return {name: version(name) for name in sorted(names)}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
