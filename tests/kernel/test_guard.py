"""Guarded commands: they behave as if they were alone, and end with whoever started them, never sooner."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tasks.kernel.execution.guard import guarded

pytestmark = pytest.mark.slow

STARTER = """
import subprocess, sys, time
from tasks.kernel.execution.guard import guarded
command = guarded([sys.executable, "-c", {command!r}])
service = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
print(service.pid, flush=True)
time.sleep({seconds})
"""


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        guarded(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def starter(command: str, seconds: float) -> tuple[subprocess.Popen[str], psutil.Process]:
    """Return a process that started `command` under guard, and the command's process."""
    code = f"import sys; sys.path[:0] = {sys.path!r}\n" + STARTER.format(command=command, seconds=seconds)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, psutil.Process(int(process.stdout.readline()))


def test_exit_code_output_and_signals_are_the_commands_own() -> None:
    done = start([sys.executable, "-c", "print('said'); raise SystemExit(7)"])
    assert done.stdout is not None
    assert done.stdout.readline() == "said\n"
    assert done.wait(10) == 7
    asleep = start(["sleep", "60"])
    asleep.terminate()
    assert asleep.wait(10) == -15


def test_a_missing_command_is_named(tmp_path: Path) -> None:
    missing = start([str(tmp_path / "none")])
    assert missing.stdout is not None
    assert missing.stdout.readline() == f"{tmp_path / 'none'}: No such file or directory\n"
    assert missing.wait(10) == 1


def test_the_end_of_the_starting_thread_is_not_the_end_of_the_command() -> None:
    started: list[subprocess.Popen[str]] = []
    thread = threading.Thread(target=lambda: started.append(start(["sleep", "60"])))
    thread.start()
    thread.join()
    time.sleep(0.5)
    assert started[0].poll() is None
    assert started[0].stdin is not None
    started[0].stdin.close()
    assert started[0].wait(10) == -15


def test_a_killed_starter_gives_the_command_time_to_end_well(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    command = (
        "import pathlib, signal, sys, time\n"
        f"signal.signal(15, lambda *_: sys.exit(pathlib.Path({str(saved)!r}).touch()))\n"
        "time.sleep(60)"
    )
    process, service = starter(command, 60)
    time.sleep(0.5)
    process.kill()
    process.wait()
    psutil.wait_procs([service], timeout=10)
    assert not service.is_running()
    assert saved.exists()


def test_a_starter_that_just_ends_leaves_nothing_either() -> None:
    process, service = starter("import time; time.sleep(60)", 0.2)
    assert process.wait(10) == 0
    _, alive = psutil.wait_procs([service], timeout=10)
    assert alive == []
