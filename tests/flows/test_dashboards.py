"""Dashboards: both pages answer, other hosts are turned away, and ending leaves no process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from rich.console import Console
from smoke_pipeline import free_port

from flows.server.dashboards import Dashboard, serve_dashboards
from flows.server.ownership import noted
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
    served: subprocess.Popen[str], ports: tuple[int, int], tmp_path: Path
) -> None:
    assert served.stdout is not None
    shown = "".join(iter(served.stdout.readline, "Ctrl-C ends both\n"))
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    assert all(url in shown for url in urls)
    assert [httpx.get(url).status_code for url in urls] == [200, 200]
    assert httpx.get(urls[1], headers={"Host": "elsewhere.example"}).status_code == 403

    folder = Settings(artifacts=tmp_path)
    assert [noted(folder, service) for service in ("prefect", "mlflow")] == urls
    with pytest.raises(ServiceError, match=f"served at {urls[0]} already"):
        serve_dashboards(folder, Console())

    family = psutil.Process(served.pid).children(recursive=True)
    served.send_signal(signal.SIGTERM)
    assert served.wait(timeout=60) == 0
    assert [member for member in family if _alive(member)] == []


def test_a_taken_port_is_shown_beside_the_one_that_serves() -> None:
    dashboard = Dashboard("MLflow", "mlflow", 5001, 5000, lambda: True, Path("log"), None)
    assert dashboard.line == "MLflow   http://127.0.0.1:5001 (5000 is taken)"
    assert replace(dashboard, port=5000).line == "MLflow   http://127.0.0.1:5000"


def _alive(process: psutil.Process) -> bool:
    """Tell whether it runs: what ended and waits for its parent to ask for the exit code does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
