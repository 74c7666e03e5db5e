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

from tasks.kernel.errors import StageError
from tasks.records.files import Record
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import load_router

BATCH = 1000
"""Questions in a batch, and single questions that are timed at most."""
_WARM_UP = 20
_BATCHES = 3
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
) | {"TOKENIZERS_PARALLELISM": "false"}
_HERE = Path(__file__).parents[3]


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
        [sys.executable, "-m", "tasks.route.measure.speed"],
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


_WARMED_UP = 3


class StageCost(Record):
    """One stage of a cascade, or the only one of another router."""

    name: str
    questions: int
    """That it answered."""
    share: float
    """Of all questions."""
    mean_ms: float
    """For a question that it answered, with the stages before; 0 where it answered none."""


class CostAccount(Record):
    """Who answered, and what that cost."""

    stages: list[StageCost]
    mean_ms: float
    """For a question, whoever answered: the stages' shares times their times add up to it."""


def cost_account(router: Router, questions: Sequence[str]) -> CostAccount:
    """Return the account of at least one question; raise ValueError without any."""
    if not questions:
        raise ValueError("questions: give at least one")
    for question in questions[:_WARMED_UP]:
        router.decide([question])
    asked = [_ask(router, question) for question in questions]
    answered, seconds = (np.array(column) for column in zip(*asked, strict=True))
    names = router.scorer.stage_names
    counts = np.bincount(answered, minlength=len(names))
    totals = 1000 * np.bincount(answered, seconds, minlength=len(names))
    stages = [
        StageCost(
            name=name,
            questions=int(count),
            share=float(count / len(asked)),
            mean_ms=float(total / max(1, count)),
        )
        for name, count, total in zip(names, counts, totals, strict=True)
    ]
    return CostAccount(stages=stages, mean_ms=float(totals.sum() / len(asked)))


def _ask(router: Router, question: str) -> tuple[int, float]:
    started = time.perf_counter()
    scored = router.scorer.score([question])
    router.decided(scored)
    return int(scored.stages[0]), time.perf_counter() - started


if __name__ == "__main__":
    main()
