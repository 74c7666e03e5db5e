"""Child processes: outcomes and errors come back whole, and nothing outlives its parent or its time."""

import errno
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tasks.child import run_child
from tasks.errors import PipelineError, StageError
from tasks.worker import Event, Outcome, Request, explain

STAGE = """
import logging, os, signal, subprocess, sys, time
from tasks.errors import DataError
from tasks.models import Slice

class Config(Slice):
    do: str

def run(inputs, config: Config, work):
    work.progress(1, 2, "steps", loss=0.5)
    logging.getLogger(__name__).warning("careful")
    match config.do:
        case "succeed":
            (work.out / "file").write_text("done")
            return {"answer": 42.0}
        case "bad input":
            raise DataError("questions.jsonl:3: empty; remove this line")
        case "crash":
            raise KeyError("a defect")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "full disk":
            with open("/dev/full", "w") as file:
                file.write("x" * 100000)
        case "hang":
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            (work.scratch / "pids").write_text(f"{os.getpid()} {child.pid}")
            time.sleep(600)
"""


def run(folder: Path, do: str, timeout: float = 60, events: list[Event] | None = None) -> Outcome:
    (folder / "sample_run.py").write_text(STAGE)
    for name in ("out", "scratch"):
        (folder / name).mkdir()
    request = Request(
        module="sample_run",
        inputs={},
        models={},
        config={"do": do},
        out=folder / "out",
        scratch=folder / "scratch",
    )
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{folder}" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    seen: list[Event] = [] if events is None else events
    return run_child(
        request, folder / "request.json", python=python, threads=1, timeout=timeout, on_event=seen.append
    )


def test_outcome_progress_and_log_come_back(tmp_path: Path) -> None:
    events: list[Event] = []
    outcome = run(tmp_path, "succeed", events=events)
    assert outcome.metrics == {"answer": 42.0}
    assert outcome.peak_memory_bytes > 1_000_000
    assert "pydantic" in outcome.packages
    assert (tmp_path / "out" / "file").read_text() == "done"
    assert [event.progress for event in events if event.progress] == [
        {"done": 1, "total": 2, "unit": "steps", "loss": 0.5}
    ]
    assert [event.log for event in events if event.log] == [("sample_run", 30, "careful")]


def test_the_users_fault_keeps_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"^questions\.jsonl:3: empty; remove this line$") as caught:
        run(tmp_path, "bad input")
    assert not isinstance(caught.value, StageError)


def test_a_crash_shows_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="KeyError: 'a defect'"):
        run(tmp_path, "crash")


def test_a_killed_child_is_named_so(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="ended by SIGKILL; the machine ran out of memory"):
        run(tmp_path, "die")


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="the disk is full; free some space and run again"):
        run(tmp_path, "full disk")
    assert "out of memory" in explain(MemoryError())
    assert explain(OSError(errno.EACCES, "denied")) == "[Errno 13] denied"


def test_a_hanging_child_ends_with_its_whole_group(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no result after 3 s"):
        run(tmp_path, "hang", timeout=3)
    pids = [int(pid) for pid in (tmp_path / "scratch" / "pids").read_text().split()]
    assert not any(_alive(pid) for pid in pids)


def test_a_killed_parent_takes_its_child_along(tmp_path: Path) -> None:
    code = f"import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}\n"
    code += f"from pathlib import Path; from test_child import run; run(Path({str(tmp_path)!r}), 'hang')"
    parent = subprocess.Popen([sys.executable, "-c", code])
    pids = tmp_path / "scratch" / "pids"
    _wait_for(lambda: pids.is_file() and bool(pids.read_text()))
    stage = int(pids.read_text().split()[0])
    parent.kill()
    parent.wait()
    _wait_for(lambda: not _alive(stage))


def test_a_missing_interpreter_is_named(tmp_path: Path) -> None:
    request = Request(module="m", inputs={}, models={}, config={}, out=tmp_path, scratch=tmp_path)
    with pytest.raises(StageError, match="no such interpreter; run `make install`"):
        run_child(
            request,
            tmp_path / "r",
            python=tmp_path / "none",
            threads=1,
            timeout=1,
            on_event=lambda _: None,
        )


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _wait_for(condition: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
