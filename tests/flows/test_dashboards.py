"""Dashboards: both pages answer, other hosts are turned away, and ending leaves no process."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from rich.console import Console
from smoke_pipeline import free_port

from flows.server.dashboards import serve_dashboards
from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import PROJECT, Settings

SERVE = """
from rich.console import Console
from flows.server.dashboards import serve_dashboards
from flows.server.local import prepare_environment
from tasks.kernel.settings import Settings
prepare_environment(Settings())
serve_dashboards(Settings(), Console())
"""


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def served(tmp_path: Path, ports: tuple[int, int]) -> Iterator[subprocess.Popen[str]]:
    variables = {
        "POCKETMOE_ARTIFACTS": str(tmp_path),
        "POCKETMOE_PREFECT_PORT": str(ports[0]),
        "POCKETMOE_MLFLOW_PORT": str(ports[1]),
    }
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


@pytest.mark.flow
def test_both_answer_until_they_are_told_to_end(
    served: subprocess.Popen[str], ports: tuple[int, int]
) -> None:
    assert served.stdout is not None
    shown = "".join(iter(served.stdout.readline, "Ctrl-C ends both\n"))
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    assert all(url in shown for url in urls)
    assert [httpx.get(url).status_code for url in urls] == [200, 200]
    assert httpx.get(urls[1], headers={"Host": "elsewhere.example"}).status_code == 403

    family = psutil.Process(served.pid).children(recursive=True)
    served.send_signal(signal.SIGTERM)
    assert served.wait(timeout=60) == 0
    assert [member for member in family if _alive(member)] == []


@pytest.mark.parametrize("position", [0, 1])
def test_a_busy_port_is_refused_with_the_variable_to_set(
    tmp_path: Path, ports: tuple[int, int], position: int
) -> None:
    settings = Settings(artifacts=tmp_path, prefect_port=ports[0], mlflow_port=ports[1])
    variable = ["POCKETMOE_PREFECT_PORT", "POCKETMOE_MLFLOW_PORT"][position]
    with (
        socket.create_server(("127.0.0.1", ports[position])),
        pytest.raises(ServiceError, match=f"{ports[position]}: .* set {variable}"),
    ):
        serve_dashboards(settings, Console())


def _alive(process: psutil.Process) -> bool:
    """Tell whether it runs: what ended and waits for its parent to ask for the exit code does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
