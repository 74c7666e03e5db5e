"""Two projects on one host that want one port: each finishes with a server of its own, and knows no other."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from flows.server.ownership import free_port, is_own, noted, shows
from tasks.kernel.settings import PROJECT, Settings
from tasks.kernel.tracking.tracker import Tracker, database_uri

pytestmark = pytest.mark.integration

STAGES = 20
_RUN_SECONDS = 1500
_UP_SECONDS = 180


def started(home: Path, port: int, *arguments: str) -> subprocess.Popen[str]:
    """Call `pocketmoe` over one artifacts folder."""
    places = {
        "POCKETMOE_ARTIFACTS": str(home),
        "POCKETMOE_PREFECT_PORT": str(port),
        "POCKETMOE_MLFLOW_PORT": str(port + 1000),
        "PYTHONUNBUFFERED": "1",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *arguments],
        cwd=PROJECT,
        env={**kept, **places},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A background shell starts what it runs with interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def test_two_runs_side_by_side_finish_with_a_server_each(tmp_path: Path) -> None:
    port = free_port(42100)
    homes = [tmp_path / name for name in ("one", "two")]
    runs = [started(home, port, "run", "configs/smoke.yaml") for home in homes]
    said = [run.communicate(timeout=_RUN_SECONDS)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert not [text for text in said if "Traceback" in text]
    reports = [(home / "runs" / "latest" / "report.json").read_text() for home in homes]
    assert [report.count('"status": "built"') for report in reports] == [STAGES, STAGES]
    addresses = {noted(Settings(artifacts=home), "prefect") for home in homes}
    assert len(addresses) == 2
    for address in addresses:
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)


def test_two_dashboards_that_start_at_once_are_printed_with_ports_of_their_own(tmp_path: Path) -> None:
    port = free_port(42300)
    homes = [tmp_path / name for name in ("one", "two")]
    served = [started(home, port, "up") for home in homes]
    try:
        printed = [until_served(one) for one in served]
        addresses = [
            [noted(Settings(artifacts=home), service) for service in ("prefect", "mlflow")] for home in homes
        ]
        assert len({address for pair in addresses for address in pair}) == 4
        assert all(url in said for said, pair in zip(printed, addresses, strict=True) for url in pair)
        for home, (prefect, mlflow) in zip(homes, addresses, strict=True):
            assert is_own(f"{prefect}/api", Settings(artifacts=home))
            assert shows(mlflow, Tracker(home, database_uri(home)).experiment)
    finally:
        for one in served:
            one.send_signal(signal.SIGINT)
        assert [one.wait(_UP_SECONDS) for one in served] == [0, 0]


def until_served(process: subprocess.Popen[str]) -> str:
    """Return what `up` prints until it serves."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            return said
    raise AssertionError(said)
