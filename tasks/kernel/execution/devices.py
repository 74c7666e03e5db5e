"""One GPU for each job: no two jobs of this machine ever hold the same one.

In: the indices that jobs may use, and a folder for locks. Out: the index of a free one. The lock
is a file's, which the operating system drops with the process, so a crash blocks no GPU.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tasks.kernel.execution.locks import one_of

_QUERY = ("--query-gpu=index", "--format=csv,noheader")


@contextmanager
def device(indices: Sequence[int] | None, locks: Path) -> Iterator[int | None]:
    """Hold one of the GPUs `indices` while the block runs, as soon as one is free; None asks the driver.

    Gives None, and waits for nothing, on a machine without a GPU, and where CUDA_VISIBLE_DEVICES
    says already which one is this job's: Ray sets it.
    """
    allowed = listed() if indices is None else tuple(indices)
    if not allowed or "CUDA_VISIBLE_DEVICES" in os.environ:
        yield None
        return
    names = {f"gpu-{index}": index for index in allowed}
    with one_of(locks, list(names)) as name:
        yield names[name]


def available(indices: Sequence[int] | None) -> bool:
    """Tell whether this machine has a GPU that jobs may use; None asks the driver."""
    return bool(listed() if indices is None else indices) or bool(os.environ.get("CUDA_VISIBLE_DEVICES"))


@cache
def listed() -> tuple[int, ...]:
    """Return the indices that the driver lists; none without a driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    done = subprocess.run([program, *_QUERY], capture_output=True, text=True, check=False)
    return tuple(int(line) for line in done.stdout.splitlines() if line.strip().isdigit())
