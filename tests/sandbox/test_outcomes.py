"""Pins what is said of a program's end, and that a machine without protections is refused by name."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import tasks
from tasks.sandbox.config import SandboxConfig
from tasks.sandbox.run import Outcome, run_program

pytestmark = pytest.mark.slow
CONFIG = SandboxConfig(seconds=20)
NO_NAMESPACES = (
    "unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/max_user_namespaces;"
    ' exec setpriv --bounding-set=-all --inh-caps=-all "$@"\' -'
)
"""Runs a command as a user who may make no namespace of any kind."""


def test_a_program_that_comes_to_its_end_passes() -> None:
    assert run_program("def add(a, b):\n    return a + b\nassert add(1, 2) == 3", CONFIG) == Outcome("passed")


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("assert 1 == 2, 'one is not two'", "AssertionError: one is not two"),
        ("def half(:", "SyntaxError: "),
        ("import numpy", "ModuleNotFoundError: "),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("'\ud800'", ""),
        ("a\0b", ""),
    ],
)
def test_a_program_that_raises_fails_with_what_it_raised(source: str, detail: str) -> None:
    outcome = run_program(source, CONFIG)
    assert outcome.ending == "failed" or source.startswith("'")
    assert outcome.detail.startswith(detail)


def test_a_program_that_leaves_before_its_end_does_not_pass() -> None:
    assert run_program("import os; os._exit(0)", CONFIG).ending == "stopped"
    assert run_program("import os; os.abort()", CONFIG) == Outcome("stopped", "ended by SIGABRT")


def test_a_program_has_its_own_folder_and_threads_and_processes() -> None:
    source = """
import subprocess, sys, threading
open("own", "w").write("text")
assert open("own").read() == "text"
threading.Thread(target=print).start()
assert subprocess.run([sys.executable, "-c", "print(2)"], capture_output=True).stdout == b"2\\n"
"""
    assert run_program(source, CONFIG) == Outcome("passed")


def _elsewhere(command: list[str]) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(Path(tasks.__path__[0]).parent), *filter(None, sys.path)))
    return subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not (shutil.which("unshare") and shutil.which("setpriv")), reason="needs util-linux")
@pytest.mark.parametrize("allowed", [(), ("network", "files", "processes", "privileges", "syscalls")])
def test_what_the_machine_cannot_enforce_is_refused_unless_it_is_named(allowed: tuple[str, ...]) -> None:
    source = (
        "from tasks.sandbox.run import run_program; from tasks.sandbox.config import SandboxConfig;"
        f" print(run_program('1', SandboxConfig(unenforced={allowed!r})).ending)"
    )
    ran = _elsewhere(["sh", "-c", f"{NO_NAMESPACES} {sys.executable} -c {json.dumps(source)}"])
    if allowed:
        assert ran.stdout == "passed\n", ran.stderr
    else:
        assert "UnsupportedError: `sandbox`: this machine does not protect files" in ran.stderr
        assert "write `unenforced: [files, network, privileges, processes]`" in ran.stderr


def test_a_program_ends_with_its_caller() -> None:
    source = (
        "from tasks.sandbox.run import run_program; from tasks.sandbox.config import SandboxConfig;"
        " run_program('while True: pass', SandboxConfig(seconds=300))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(tasks.__path__[0]).parent)}
    caller = psutil.Process(subprocess.Popen([sys.executable, "-c", source], env=env).pid)
    deadline = time.monotonic() + 60
    while len(cell := caller.children(recursive=True)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(cell) >= 3
    os.kill(caller.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(cell, timeout=20)
    assert alive == []
