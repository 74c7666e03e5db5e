"""Child processes: outcomes and errors come back whole, and nothing outlives its parent, time or memory."""

import contextvars
import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tasks.kernel.errors import PipelineError, StageError
from tasks.kernel.execution.child import run_child
from tasks.kernel.execution.stopping import stops_stages
from tasks.kernel.execution.worker import Event, Outcome, Request, explain

pytestmark = pytest.mark.slow

STAGE = """
import logging, os, signal, subprocess, sys, time
from tasks.kernel.errors import DataError
from tasks.kernel.config import Slice

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
            stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN)"
            stubborn += "; print(1, flush=True); time.sleep(600)"
            child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
            child.stdout.readline()
            (work.scratch / "pids").write_text(f"{os.getpid()} {child.pid}")
            time.sleep(600)
        case "eat":
            code = "import time; food = bytearray(b'x') * 300_000_000; time.sleep(600)"
            (work.scratch / "pids").write_text(str(subprocess.Popen([sys.executable, "-c", code]).pid))
            time.sleep(600)
        case "save":
            def save(*_):
                (work.scratch / "checkpoint").write_text("saved")
                sys.exit(1)
            signal.signal(signal.SIGTERM, save)
            (work.scratch / "pids").write_text(str(os.getpid()))
            time.sleep(600)
        case "read a variable":
            return {"variable": float(os.environ["POCKETMOE_SAMPLE"])}
        case "name the gpu":
            return {"gpu": float(os.environ["CUDA_VISIBLE_DEVICES"])}
"""


def run(folder: Path, do: str, *, events: list[Event] | None = None, **limits: object) -> Outcome:
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
        request,
        folder / "request.json",
        python=python,
        threads=1,
        on_event=seen.append,
        **{"timeout": 60, **limits},
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


def test_variables_of_the_machine_reach_the_stage(tmp_path: Path) -> None:
    outcome = run(tmp_path, "read a variable", variables={"POCKETMOE_SAMPLE": "7"})
    assert outcome.metrics == {"variable": 7.0}


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
    with pytest.raises(StageError, match=r"no result after 3 s; raise POCKETMOE_STAGE_TIMEOUT"):
        run(tmp_path, "hang", timeout=3)
    pids = _pids(tmp_path)
    assert len(pids) == 2
    _wait_for(lambda: not any(_alive(pid) for pid in pids))


def test_a_child_that_eats_memory_ends_with_its_whole_group(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"^sample_run: held 0\.\d\d GB .* limit of 0\.20 GB.*STAGE_MEMORY"):
        run(tmp_path, "eat", memory=200_000_000)
    _wait_for(lambda: not any(_alive(pid) for pid in _pids(tmp_path)))


def test_a_child_within_its_memory_is_left_alone(tmp_path: Path) -> None:
    assert run(tmp_path, "succeed", memory=2_000_000_000).metrics == {"answer": 42.0}


def test_a_run_that_is_asked_to_end_lets_its_child_save_and_starts_no_other(tmp_path: Path) -> None:
    errors: list[StageError] = []

    def work() -> None:
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            try:
                run(tmp_path / name, "save")
            except StageError as error:
                errors.append(error)

    with stops_stages():
        thread = threading.Thread(target=contextvars.copy_context().run, args=[work])
        thread.start()
        _wait_for(lambda: _pids(tmp_path / "first") != [])
    thread.join(20)
    assert [str(error) for error in errors] == [
        "sample_run: the run was asked to end; run again to go on"
    ] * 2
    assert (tmp_path / "first" / "scratch" / "checkpoint").read_text() == "saved"
    assert not any((tmp_path / "second" / "scratch").iterdir())


def test_a_killed_parent_takes_its_child_and_grandchild_along(tmp_path: Path) -> None:
    code = f"import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}\n"
    code += f"from pathlib import Path; from test_child import run; run(Path({str(tmp_path)!r}), 'hang')"
    parent = subprocess.Popen([sys.executable, "-c", code])
    _wait_for(lambda: len(_pids(tmp_path)) == 2)
    group = _group(_pids(tmp_path)[0])
    assert set(_pids(tmp_path)) < set(group)
    parent.kill()
    parent.wait()
    _wait_for(lambda: not any(_alive(pid) for pid in group))


def test_the_child_sees_the_one_gpu_it_is_given(tmp_path: Path) -> None:
    assert run(tmp_path, "name the gpu", gpu=3).metrics == {"gpu": 3.0}


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


def _pids(folder: Path) -> list[int]:
    path = folder / "scratch" / "pids"
    return [int(pid) for pid in path.read_text().split()] if path.is_file() else []


def _group(pid: int) -> list[int]:
    return [other for other in psutil.pids() if os.getpgid(other) == os.getpgid(pid)]


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
