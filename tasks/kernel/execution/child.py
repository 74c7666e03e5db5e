"""Run one stage in a process of its own, so that it can be stopped and gives its memory back.

In: a request, the interpreter that can serve it, and limits. Out: the outcome; progress and log
lines are handed on while it runs. The child leads its own process group, and whatever
happens to the parent, the whole group is ended with it.
"""

import contextlib
import errno
import logging
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from tasks.kernel.errors import PipelineError, StageError
from tasks.kernel.execution.guard import GRACE_SECONDS, guarded
from tasks.kernel.execution.stopping import refuse_when_stopping
from tasks.kernel.execution.worker import USER_ERROR, Event, Outcome, Request, explain
from tasks.kernel.settings import PROJECT

_POLL_SECONDS = 0.25
_TAIL_LINES = 30
_FULL_BYTES = 2**20
_QUIET = {
    "DO_NOT_TRACK": "true",
    "HF_EVALUATE_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TQDM_DISABLE": "1",
}


def run_child(  # noqa: PLR0913  each limit is a setting of its own
    request: Request,
    request_file: Path,
    *,
    python: Path,
    threads: int,
    timeout: float,
    on_event: Callable[[Event], None],
    memory: int | None = None,
    gpu: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """Run `request` under `python` with so many processor threads and at most `timeout` seconds.

    The child and all that it starts hold at most `memory` resident bytes, see the GPU with index `gpu`
    alone where one is given, and find `variables` in their environment. Raises StageError where the
    child is missing, exceeds a limit, is killed or crashes, or the run is asked to end, and PipelineError
    with the child's own message where the input is at fault.
    """
    refuse_when_stopping(request.module)
    if not python.is_file():
        raise StageError(
            f"{python}: no such interpreter; run `make install`, or set POCKETMOE_CONVERT_PYTHON"
        )
    request_file.write_text(request.model_dump_json(), encoding="utf-8")
    reader, writer = os.pipe()
    child = subprocess.Popen(
        guarded([str(python), "-m", "tasks.kernel.execution.worker", str(request_file), str(writer)]),
        cwd=PROJECT,
        env={**_environment(threads, gpu), **(variables or {})},
        pass_fds=(writer,),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    os.close(writer)
    limits = _Limits(timeout, memory)
    try:
        return _attend(child, os.fdopen(reader, encoding="utf-8"), request.module, limits, on_event)
    except _CrashError as crash:
        raise _explained(crash, request_file.parent) from crash


@dataclass(frozen=True)
class _Limits:
    seconds: float
    memory_bytes: int | None


def _attend(
    child: subprocess.Popen[str],
    events: IO[str],
    module: str,
    limits: _Limits,
    on_event: Callable[[Event], None],
) -> Outcome:
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    last: list[Event] = []
    readers = [
        threading.Thread(target=_drain_output, args=(child.stdout, tail), daemon=True),
        # Prefect finds its API by context: without it, lines logged there start a server of their own.
        threading.Thread(
            target=copy_context().run, args=(_drain_events, events, on_event, last), daemon=True
        ),
    ]
    for thread in readers:
        thread.start()
    try:
        code = _await(child, module, limits)
    finally:
        _end_group(child)
        for thread in readers:
            thread.join(timeout=5)
    return _outcome(code, last, module, tail)


def _await(child: subprocess.Popen[str], module: str, limits: _Limits) -> int:
    """Return the exit code; raise StageError at a limit, or when the run is asked to end."""
    deadline = time.monotonic() + limits.seconds
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(_POLL_SECONDS)
        refuse_when_stopping(module)
        if time.monotonic() > deadline:
            raise StageError(
                f"{module}: no result after {limits.seconds:.0f} s; raise POCKETMOE_STAGE_TIMEOUT"
            )
        if limits.memory_bytes is not None:
            _refuse_excess(child, module, limits.memory_bytes)


def _refuse_excess(child: subprocess.Popen[str], module: str, limit: int) -> None:
    """End the group at once where it holds too much: time to save would let it take yet more.

    It is measured, because RLIMIT_AS counts addresses, and torch reserves many times what it uses.
    """
    held = _resident_bytes(child.pid)
    if held > limit:
        _signal_group(child, signal.SIGKILL)
        raise StageError(
            f"{module}: held {held / 1e9:.2f} GB of memory, more than the limit of {limit / 1e9:.2f} GB;"
            " raise POCKETMOE_STAGE_MEMORY, or lower the stage's batch size"
        )


def _resident_bytes(group: int) -> int:
    """Return what a process group holds; a page that two of its processes share counts twice."""
    total = 0
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getpgid(pid) == group:
                total += psutil.Process(pid).memory_info().rss
    return total


def _outcome(code: int, last: list[Event], module: str, tail: deque[str]) -> Outcome:
    final = last[-1] if last else Event()
    if code == 0 and final.outcome is not None:
        return final.outcome
    if code == USER_ERROR and final.error is not None:
        raise PipelineError(final.error)
    if code < 0:
        name = signal.Signals(-code).name
        advice = "; the machine ran out of memory, or someone ended it" if name == "SIGKILL" else ""
        raise StageError(f"{module}: its process was ended by {name}{advice}; run again to go on")
    raise _CrashError(f"{module}: its process failed with exit code {code}:\n" + "\n".join(tail))


class _CrashError(StageError):
    """An end that the child could not explain."""


def _explained(crash: _CrashError, folder: Path) -> StageError:
    """Return what is the likely cause: libraries have errors of their own for a full disk."""
    if shutil.disk_usage(folder).free > _FULL_BYTES:
        return crash
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    return StageError(f"{explain(full)}\n{crash}")


def _drain_output(stream: IO[str], tail: deque[str]) -> None:
    for line in stream:
        if line.strip():
            tail.append(line.rstrip())
            logging.getLogger(__name__).debug("%s", line.rstrip())


def _drain_events(stream: IO[str], on_event: Callable[[Event], None], last: list[Event]) -> None:
    with stream:
        for line in stream:
            event = Event.model_validate_json(line)
            if event.outcome is not None or event.error is not None:
                last.append(event)
            else:
                on_event(event)


def _end_group(child: subprocess.Popen[str]) -> None:
    """End what is left of the child's process group: gently, then for good."""
    if child.poll() is None:
        _signal_group(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
    _signal_group(child, signal.SIGKILL)
    child.wait()


def _signal_group(child: subprocess.Popen[str], number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return


def _environment(threads: int, gpu: int | None) -> dict[str, str]:
    # Idle OpenMP threads spin by default, which costs the stage that runs beside this one its core.
    limits = {
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": str(threads),
    }
    # CUDA numbers the fastest GPU first by default; the driver's list goes by bus.
    chosen = {} if gpu is None else {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(gpu)}
    return {**os.environ, **_QUIET, **limits, **chosen, "PYTHONPATH": str(PROJECT)}
