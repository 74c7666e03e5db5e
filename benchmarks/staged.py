"""One stage in a child process, as a run starts it, with the memory of the whole process tree measured.

In: a stage's module, inputs and config. Out: its output folder, seconds and peak memory. The
sum of resident sets counts what processes share twice, so the peak errs on the safe side.
"""

import contextlib
import resource
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from tasks.kernel.execution.child import run_child
from tasks.kernel.execution.worker import Event, Request

_SAMPLE_SECONDS = 0.1
_TIMEOUT = 7200.0


@dataclass
class Measured:
    """What one run of a stage gave and cost."""

    out: Path
    seconds: float
    cpu_seconds: float
    """Of all its processes: what a busy machine adds to the seconds is not in it."""
    metrics: dict[str, float]
    peak_bytes: int


def run_stage(
    module: str,
    inputs: Mapping[str, Path],
    config: dict[str, object],
    folder: Path,
    threads: int,
    python: Path | None = None,
) -> Measured:
    """Run a stage in `folder`, which must be new, under this interpreter or another one."""
    out, scratch = folder / "out", folder / "scratch"
    out.mkdir(parents=True)
    scratch.mkdir()
    request = Request(module=module, inputs=dict(inputs), models={}, config=config, out=out, scratch=scratch)
    before = _cpu_seconds()
    with _watched() as peak:
        outcome = run_child(
            request,
            folder / "request.json",
            python=python or Path(sys.executable),
            threads=threads,
            timeout=_TIMEOUT,
            on_event=_ignore,
        )
    spent = _cpu_seconds() - before
    return Measured(out, outcome.seconds, spent, outcome.metrics, peak[0])


def _ignore(_event: Event) -> None:
    """Progress is of no interest here."""


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def _watched() -> Iterator[list[int]]:
    """Keep the greatest memory that all children of this process hold together, in bytes."""
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], _held())
            time.sleep(_SAMPLE_SECONDS)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _held() -> int:
    total = 0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += child.memory_info().rss
    return total
