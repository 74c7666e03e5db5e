"""Run one stage in a process of its own, so that it can be stopped and gives its memory back.

In: a request and the interpreter that can serve it. Out: the outcome; progress and log
lines are handed on while it runs. The child leads its own process group, and whatever
happens to the parent, the whole group is ended with it.
"""

import contextlib
import logging
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tasks.errors import PipelineError, StageError
from tasks.settings import PROJECT
from tasks.worker import USER_ERROR, Event, Outcome, Request

GRACE_SECONDS = 30.0
"""What a child has between SIGTERM and SIGKILL: a trainer saves a checkpoint in it."""

_TAIL_LINES = 30
_QUIET = {
    "DO_NOT_TRACK": "true",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TQDM_DISABLE": "1",
}


def run_child(
    request: Request,
    request_file: Path,
    *,
    python: Path,
    threads: int,
    timeout: float,
    on_event: Callable[[Event], None],
) -> Outcome:
    """Run `request` under `python` with so many processor threads and at most `timeout` seconds.

    Raises StageError where the child is missing, hangs, is killed or crashes, and
    PipelineError with the child's own message where the input is at fault.
    """
    if not python.is_file():
        raise StageError(
            f"{python}: no such interpreter; run `make install`, or set POCKETMOE_CONVERT_PYTHON"
        )
    request_file.write_text(request.model_dump_json(), encoding="utf-8")
    reader, writer = os.pipe()
    child = subprocess.Popen(
        [str(python), "-m", "tasks.worker", str(request_file), str(writer)],
        cwd=PROJECT,
        env=_environment(threads),
        pass_fds=(writer,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    os.close(writer)
    return _attend(child, os.fdopen(reader, encoding="utf-8"), request.module, timeout, on_event)


def _attend(
    child: subprocess.Popen[str],
    events: IO[str],
    module: str,
    timeout: float,
    on_event: Callable[[Event], None],
) -> Outcome:
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    last: list[Event] = []
    readers = [
        threading.Thread(target=_drain_output, args=(child.stdout, tail), daemon=True),
        threading.Thread(target=_drain_events, args=(events, on_event, last), daemon=True),
    ]
    for thread in readers:
        thread.start()
    try:
        code = child.wait(timeout)
    except subprocess.TimeoutExpired as error:
        raise StageError(
            f"{module}: no result after {timeout:.0f} s; raise POCKETMOE_STAGE_TIMEOUT"
        ) from error
    finally:
        _end_group(child)
        for thread in readers:
            thread.join(timeout=5)
        events.close()
    return _outcome(code, last, module, tail)


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
    raise StageError(f"{module}: its process failed with exit code {code}:\n" + "\n".join(tail))


def _drain_output(stream: IO[str], tail: deque[str]) -> None:
    for line in stream:
        if line.strip():
            tail.append(line.rstrip())
            logging.getLogger(__name__).debug("%s", line.rstrip())


def _drain_events(stream: IO[str], on_event: Callable[[Event], None], last: list[Event]) -> None:
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


def _environment(threads: int) -> dict[str, str]:
    # Idle OpenMP threads spin by default, which costs the stage that runs beside this one its core.
    limits = {
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": str(threads),
    }
    return {**os.environ, **_QUIET, **limits, "PYTHONPATH": str(PROJECT)}
