"""Time a router as it ships: its folder and questions in, latency, throughput and memory out.

It is loaded and asked in a process of its own that imports no training library and uses one thread, so
that neither the memory of training nor other threads are measured.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from tasks.errors import StageError
from tasks.records import Record
from tasks.routing.files import load_router
from tasks.routing.router import Router

BATCH = 1000
"""Questions in a batch, and single questions that are timed at most."""
_WARM_UP = 20
_BATCHES = 3
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
) | {"TOKENIZERS_PARALLELISM": "false"}
_HERE = Path(__file__).parents[2]


class Speed(Record):
    """What asking a router takes, on one core."""

    p50_ms: float
    """Median time for one question alone, from its text to the decision."""
    p95_ms: float
    """95th percentile of it."""
    queries_per_second: float
    """In batches of 1,000 questions; the median batch."""
    peak_memory_bytes: int
    """The most that the process held: interpreter, libraries and router."""


def measure_speed(folder: Path, questions: Sequence[str]) -> Speed:
    """Load the router in `folder` in a fresh process and time it; raise StageError where that dies."""
    request = json.dumps({"folder": str(folder.resolve()), "questions": list(questions[:BATCH])})
    done = subprocess.run(
        [sys.executable, "-m", "tasks.route.compare_speed"],
        cwd=_HERE,
        env=os.environ | _ONE_THREAD,
        input=request,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StageError(f"{folder}: this router cannot be timed:\n{done.stderr.strip()}")
    return Speed.model_validate_json(done.stdout)


def main() -> None:
    """Read a request on standard input, answer on standard output."""
    request = json.load(sys.stdin)
    router, questions = load_router(Path(request["folder"])), request["questions"]
    for question in questions[:_WARM_UP]:
        router.decide([question])
    single = [_seconds(router, [question]) for question in questions]
    batch = list(islice(cycle(questions), BATCH))
    speed = Speed(
        p50_ms=1000 * float(np.percentile(single, 50)),
        p95_ms=1000 * float(np.percentile(single, 95)),
        queries_per_second=BATCH / float(np.median([_seconds(router, batch) for _ in range(_BATCHES)])),
        peak_memory_bytes=_peak_bytes(),
    )
    sys.stdout.write(speed.model_dump_json())


def file_bytes(folder: Path) -> int:
    """Return the size of all files of a router."""
    return sum(file.stat().st_size for file in _files(folder))


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _seconds(router: Router, questions: Sequence[str]) -> float:
    started = time.perf_counter()
    router.decide(questions)
    return time.perf_counter() - started


def _peak_bytes() -> int:
    """Return this process's peak; what `getrusage` tells on Linux holds the parent's memory as well."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
        return 1024 * int(lines["VmHWM"].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
