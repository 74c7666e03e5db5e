"""A server belongs to an artifacts folder and proves it: two projects on one host never share one."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from smoke_pipeline import free_port as unused_port

from flows.server.local import prefect_api, started, stop
from flows.server.ownership import HOST, busy, free_port, is_own, note, noted, own_api
from flows.server.watch import told_when_lost
from tasks.kernel.errors import ServiceError, StageError
from tasks.kernel.settings import PROJECT, Settings


class Stranger(BaseHTTPRequestHandler):
    """A server that is healthy, and of another folder."""

    body = {"results": {"local_storage_path": "/elsewhere/prefect/storage"}}

    def do_GET(self) -> None:
        """Answer everything alike."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.body if "settings" in self.path else True).encode())

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def stranger() -> Iterator[int]:
    with ThreadingHTTPServer((HOST, 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_taken_port_means_the_next_free_one() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert busy(port)
        assert free_port(port) > port
        assert not busy(free_port(port))


def test_no_free_port_is_told_with_the_variables() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 65535))
        with pytest.raises(ServiceError, match="set POCKETMOE_PREFECT_PORT and POCKETMOE_MLFLOW_PORT"):
            free_port(65535)


def test_a_healthy_stranger_at_the_noted_port_is_not_ours(tmp_path: Path, stranger: int) -> None:
    settings = Settings(artifacts=tmp_path)
    note(settings, "prefect", stranger)
    assert not is_own(f"http://{HOST}:{stranger}/api", settings)
    assert own_api(settings) == ""


@pytest.mark.parametrize("text", ["", "[]", '"x"', "{}", "not json"])
def test_a_damaged_note_counts_as_none(tmp_path: Path, text: str) -> None:
    settings = Settings(artifacts=tmp_path)
    note(settings, "mlflow", 5001)
    assert noted(settings, "mlflow") == f"http://{HOST}:5001"
    (tmp_path / "mlflow" / "server.json").write_text(text)
    assert noted(settings, "mlflow") == ""
    assert own_api(settings) == ""


@pytest.mark.slow
def test_a_server_that_vanishes_is_told_in_one_message() -> None:
    with ThreadingHTTPServer((HOST, 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api = f"http://{HOST}:{server.server_port}/api"
        with pytest.raises(ServiceError, match="no longer answers; what is built is kept: run again"):
            left_by(server, api)


def left_by(server: ThreadingHTTPServer, api: str) -> None:
    """Wait for an hour with an API that ends at once."""
    with told_when_lost(api, poll_seconds=0.05):
        server.shutdown()
        server.server_close()
        time.sleep(3600)


def test_what_ends_a_block_beside_a_living_server_is_told_as_it_is(stranger: int) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    for error in (StageError("finetune:a: it failed"), KeyboardInterrupt()):
        with pytest.raises(type(error)), told_when_lost(f"http://{HOST}:{stranger}/api"):
            raise error
    assert signal.getsignal(signal.SIGUSR1) is before


@pytest.mark.integration
def test_two_folders_that_want_one_port_have_a_server_each(
    prefect_server: Callable[[Settings], AbstractContextManager[str]], tmp_path: Path
) -> None:
    port = unused_port()
    first, second = (Settings(artifacts=tmp_path / name, prefect_port=port) for name in ("one", "two"))
    with ExitStack() as stay:
        api = stay.enter_context(prefect_server(first))
        assert (api, own_api(first), own_api(second)) == (f"http://{HOST}:{port}/api", api, "")
        other = stay.enter_context(prefect_server(second))
        assert other != api
        assert (own_api(first), own_api(second)) == (api, other)
        note(second, "prefect", port)
        assert own_api(second) == ""


LOST = """
import os, time
from flows.runs.interrupt import ends_on_interrupt
from flows.commands.session import session
with session(writes=True) as settings:
    from prefect import flow, task
    from prefect.task_runners import ThreadPoolTaskRunner
    from flows.server.local import prefect_api
    @task
    def long(): time.sleep(3)
    @flow(task_runner=ThreadPoolTaskRunner(max_workers=1))
    def training():
        print("begun", flush=True)
        [future.result() for future in [long.submit() for _ in range(100)]]
    with ends_on_interrupt(), prefect_api(settings):
        training()
"""


@pytest.mark.integration
def test_a_run_whose_server_is_killed_says_so_within_a_minute(tmp_path: Path) -> None:
    places = {"POCKETMOE_ARTIFACTS": str(tmp_path), "POCKETMOE_PREFECT_PORT": str(unused_port())}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    run = subprocess.Popen(
        [sys.executable, "-c", LOST],
        cwd=PROJECT,
        env={**kept, **places},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "begun\n"
    family = psutil.Process(run.pid).children(recursive=True)
    next(one for one in family if one.cmdline()[1:3] == ["-m", "prefect"]).kill()
    began = time.monotonic()
    _, said = run.communicate(timeout=120)
    assert time.monotonic() - began < 60
    assert re.fullmatch(r"error: http\S+: the Prefect API no longer answers; .*run again to go on\n", said), (
        said
    )
    assert run.returncode == 2


@pytest.mark.flow
def test_a_run_adopts_its_folders_server_and_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    settings = Settings(artifacts=tmp_path, prefect_port=unused_port())
    server = started(settings)
    try:
        with prefect_api(settings) as api:
            assert api == server.api
        assert server.process.poll() is None
    finally:
        stop(server.process)
