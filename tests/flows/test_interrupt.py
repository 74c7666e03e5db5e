"""A run that is ended: stages save a checkpoint, none is started any more, and nothing is left behind."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from smoke_pipeline import free_port

from tasks.kernel.settings import PROJECT

pytestmark = pytest.mark.flow

STAGE = """
import signal, sys, time
from tasks.kernel.config import Slice

class Config(Slice):
    pass

def run(inputs, config: Config, work):
    def save(*_):
        (work.out / "checkpoint").touch()
        sys.exit(1)
    signal.signal(signal.SIGTERM, save)
    (work.out / "running").touch()
    time.sleep(600)
"""

FLOW = """
import sys
from pathlib import Path
from flows.runs.interrupt import ends_on_interrupt
from flows.server.local import prefect_api, prepare_environment
from tasks.kernel.settings import Settings

settings = Settings.read()
prepare_environment(settings)
from prefect import flow, task
from tasks.kernel.execution.child import run_child
from tasks.kernel.execution.locks import one_of
from tasks.kernel.execution.stopping import stops_stages
from tasks.kernel.execution.worker import Request

@task
def sleep(name):
    folder = settings.home / name
    folder.mkdir()
    with one_of(settings.locks, ["slot"]):
        request = Request(module="sleeping_run", inputs={}, models={}, config={}, out=folder, scratch=folder)
        run_child(request, folder / "request.json", python=settings.home / "python", threads=1, timeout=60,
                  on_event=print)

@flow
def sleepy():
    with stops_stages():
        for future in [sleep.submit("a"), sleep.submit("b")]:
            future.wait()

with ends_on_interrupt(), prefect_api(settings):
    sleepy()
"""


@dataclass(frozen=True)
class Sleepy:
    """A flow with its own server, one stage that is running and one that waits for its slot."""

    home: Path
    process: subprocess.Popen[str]
    family: list[psutil.Process]

    def marks(self, name: str) -> list[str]:
        """Return the stages that left a file `name`."""
        return sorted(path.parent.name for path in self.home.glob(f"*/{name}"))

    def left(self) -> list[psutil.Process]:
        """Return what is alive of the run's processes."""
        return psutil.wait_procs(self.family, timeout=20)[1]

    def states(self, table: str) -> list[str]:
        """Return what Prefect's database says of all runs in `table`."""
        with sqlite3.connect(self.home / "prefect" / "prefect.db") as database:
            rows = database.execute(f"select state_name from {table}")  # noqa: S608  a name from below
            return [name for (name,) in rows]


@pytest.fixture
def sleepy(tmp_path: Path) -> Iterator[Sleepy]:
    (tmp_path / "sleeping_run.py").write_text(STAGE)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{tmp_path}" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    places = {"POCKETMOE_ARTIFACTS": str(tmp_path), "POCKETMOE_PREFECT_PORT": str(free_port())}
    left_out = {"PREFECT_API_URL", "PREFECT_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | places
    process = subprocess.Popen([sys.executable, "-c", FLOW], cwd=PROJECT, env=environment, text=True)
    try:
        wait_for(lambda: len(list(tmp_path.glob("*/running"))) == 1)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 4, "server and stage, each with its guard"
        yield Sleepy(tmp_path, process, family)
    finally:
        process.kill()


def wait_for(condition: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.integration)],
)
def test_a_signal_ends_the_run_in_order(sleepy: Sleepy, number: signal.Signals, code: int) -> None:
    sleepy.process.send_signal(number)
    assert sleepy.process.wait(90) == code
    assert len(sleepy.marks("checkpoint")) == 1
    assert sleepy.marks("running") == sleepy.marks("checkpoint"), "the waiting stage was not started"
    assert sleepy.states("flow_run") == ["Crashed"]
    assert sleepy.states("task_run") == ["Failed", "Failed"]
    assert sleepy.left() == []


def test_a_killed_run_takes_its_stages_and_its_server_along(sleepy: Sleepy) -> None:
    sleepy.process.kill()
    sleepy.process.wait()
    assert sleepy.left() == []
    assert len(sleepy.marks("checkpoint")) == 1
