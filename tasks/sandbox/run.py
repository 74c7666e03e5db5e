"""Run a program in a cell, and say how it ended.

In: source code and limits. Out: an outcome; UnsupportedError where this machine does not enforce what is not
allowed to be missing. Whatever the program does, the call returns in time and leaves no process behind.
"""

import json
import os
import secrets
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Literal

import psutil

from tasks.kernel.errors import StageError, UnsupportedError
from tasks.sandbox import cell as cell_process
from tasks.sandbox.config import SandboxConfig

Ending = Literal["passed", "failed", "timed out", "stopped"]
_START_SECONDS, _END_SECONDS = 60.0, 30.0
"""What the cell may take to be ready, and to end: only a loaded machine takes more than a tenth."""
_LOOK_SECONDS = 0.1
_LONGEST = 4096
_SIGNALLED = 128
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    ending: Ending
    """`passed`: it came to its end; `failed`: it raised; `stopped`: it was ended, or left before its end."""
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether it came to its end."""
        return self.ending == "passed"


def run_program(source: str, config: SandboxConfig) -> Outcome:
    """Run Python source as a program; raise UnsupportedError where the machine lacks a protection."""
    if sys.platform != "linux":
        raise UnsupportedError(f"`sandbox`: generated programs run on Linux alone, not on {sys.platform}")
    token = secrets.token_hex(16)
    with _cell({"program": source, "token": token, **config.model_dump(mode="json")}) as cell:
        return _watch(cell, config) or _outcome(cell, token)


class _Heard:
    """What came out of a pipe, as far as anyone reads it."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        self.text = b""
        self.open = True

    def fileno(self) -> int:
        """Return the end to read from."""
        return self._reading

    def read(self) -> None:
        """Take what is there; the end of it closes the pipe."""
        received = os.read(self._reading, 2**16)
        self.open = bool(received)
        self.text = (self.text + received)[:_LONGEST]

    def lines(self) -> list[dict[str, object]]:
        """Return the finished lines."""
        return [json.loads(line) for line in self.text.split(b"\n")[:-1]]

    def close(self) -> None:
        """Hear no more."""
        os.close(self._reading)


@dataclass(frozen=True)
class _Cell:
    """The child process, and what it and the program in it say."""

    child: subprocess.Popen[bytes]
    status: _Heard
    verdict: _Heard

    def hang_up(self) -> None:
        """Tell the cell that nobody waits any more; it then ends everything."""
        assert self.child.stdin is not None  # noqa: S101  tells mypy that it is a pipe
        self.child.stdin.close()

    def resident(self) -> int:
        """Return the bytes of memory of all its processes."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.child.pid).children(recursive=True)
            return sum(_resident(process) for process in children)
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


@contextmanager
def _cell(request: dict[str, object]) -> Iterator[_Cell]:
    status, verdict = _Heard(), _Heard()
    child = subprocess.Popen(
        [sys.executable, "-S", "-m", cell_process.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(cell_process.__file__).parents[2])},
        cwd="/",
        pass_fds=(status.writing, verdict.writing),
        start_new_session=True,
    )
    for heard in (status, verdict):
        os.close(heard.writing)
    with child:
        try:
            assert child.stdin is not None  # noqa: S101  tells mypy that it is a pipe
            places = {"status": status.writing, "verdict": verdict.writing}
            with suppress(BrokenPipeError):  # it tells why on its standard error
                child.stdin.write(json.dumps(request | places).encode() + b"\n")
                child.stdin.flush()
            yield _Cell(child, status, verdict)
        finally:
            child.kill()
            status.close()
            verdict.close()


def _watch(cell: _Cell, config: SandboxConfig) -> Outcome | None:
    """Wait until the cell has ended; return why it had to be ended, if it had."""
    ended, running, due = None, False, time.monotonic() + _START_SECONDS
    while cell.status.open:
        _hear(cell)
        if not running and cell.status.lines():
            _require(cell.status.lines()[0], config)
            running, due = True, time.monotonic() + config.seconds
        late = time.monotonic() > due
        if ended and late:
            return ended
        if not ended and (ended := _too_much(cell, config, late=late)):
            cell.hang_up()
            due = time.monotonic() + _END_SECONDS
    return ended


def _hear(cell: _Cell) -> None:
    poll = select.poll()
    heard = {one.fileno(): one for one in (cell.status, cell.verdict) if one.open}
    for descriptor in heard:
        poll.register(descriptor, select.POLLIN)
    for descriptor, _ in poll.poll(1000 * _LOOK_SECONDS):
        heard[descriptor].read()


def _too_much(cell: _Cell, config: SandboxConfig, *, late: bool) -> Outcome | None:
    if late:
        return Outcome("timed out", f"over {config.seconds:g} s")
    if cell.resident() > config.memory_megabytes * _MEGABYTE:
        return Outcome("stopped", f"over {config.memory_megabytes} MB of memory")
    return None


def _require(line: dict[str, object], config: SandboxConfig) -> None:
    """Raise UnsupportedError where a protection is missing that must not be."""
    found = line.get("unenforced")
    reasons = found if isinstance(found, dict) else {}
    if missing := sorted(set(reasons) - set(config.unenforced)):
        told = "; ".join(f"{name}: {reasons[name]}" for name in missing)
        raise UnsupportedError(
            f"`sandbox`: this machine does not protect {', '.join(missing)} from generated programs ({told});"
            f" run on Linux with user namespaces and libseccomp, or, where the programs are known to be"
            f" harmless, write `unenforced: [{', '.join(missing)}]`"
        )


def _outcome(cell: _Cell, token: str) -> Outcome:
    """Return what the program said of itself, or what its keeper said of its end."""
    lines = cell.status.lines()
    if broken := _broken(cell, lines):
        raise StageError(
            f"`sandbox`: no program can be run here: {broken}; use an interpreter that all may read"
        )
    verdict = _verdict(cell.verdict.text)
    if verdict.get("passed") == token:
        return Outcome("passed")
    if "failed" in verdict:
        return Outcome("failed", str(verdict["failed"]))
    return Outcome("stopped", _how(lines[-1].get("ended")))


def _broken(cell: _Cell, lines: Sequence[Mapping[str, object]]) -> str:
    """Return why the program was not even started; empty: it was."""
    told = [str(line["broken"]) for line in lines if "broken" in line]
    if told or any("unenforced" in line for line in lines):
        return "".join(told)
    said = cell.child.stderr.read().decode(errors="replace") if cell.child.stderr else ""
    return (said.strip().splitlines() or ["its cell has ended"])[-1]


def _verdict(text: bytes) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _how(code: object) -> str:
    if isinstance(code, int) and code > _SIGNALLED:
        return f"ended by {Signals(code - _SIGNALLED).name}"
    return f"left before its end, with exit code {code}"
