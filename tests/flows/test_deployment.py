"""Deployments: prefect.yaml is whole and portable, a worker runs it, runs queue, and a retry goes on."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from local_server import Server, local_server
from smoke_pipeline import Pipeline, free_port

from flows.server.setup import POOLS
from tasks.kernel.settings import PROJECT

pytestmark = pytest.mark.slow

PDF = PROJECT / "examples" / "library" / "ocd" / "understanding-ocd.pdf"
ON_A_SERVER = pytest.mark.integration
CONFIG = """\
# Fails in seconds: its documents are not there, and then too few pairs are left of them.
name: doomed
base_model: {{source: tiny}}
domains: {{ocd: {{documents: {documents}}}}}
generate: {{teacher: {{kind: scripted}}, min_pairs: 100000}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with (
        pytest.MonkeyPatch.context() as patch,
        impatient(patch),
        local_server(tmp_path_factory.mktemp("server")) as server,
    ):
        done = server.call("flows.cli", "setup", "--docker", "--kubernetes")
        assert done.returncode == 0, done.stderr
        yield server


@contextmanager
def impatient(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let servers and workers look for work more often than they do by default."""
    patch.setenv("PREFECT_SERVER_DEPLOYMENT_CONCURRENCY_SLOT_WAIT_SECONDS", "4")
    patch.setenv("PREFECT_WORKER_QUERY_SECONDS", "2")
    yield


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doomed")
    path = folder / "doomed.yaml"
    path.write_text(CONFIG.format(documents=folder / "library"))
    return path


@pytest.fixture(scope="module")
def worker(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    process = server.start("-m", "flows.cli", "worker")
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def deployed(server: Server, config: Path) -> str:
    """Return the deployment's id, after it was deployed twice."""
    for cron in ("0 1 * * *", "0 2 * * 1"):
        arguments = ("--name", "doomed", "--cron", cron, "--timezone", "Asia/Tokyo", "--incremental")
        done = server.call("flows.cli", "deploy", config, *arguments)
        assert done.returncode == 0, done.stderr
    return server.ask("deployments/name/pocketmoe/doomed", method="GET")["id"]


def definitions() -> list[dict[str, object]]:
    return yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]


def test_every_pool_has_the_full_retrain_and_only_this_machines_is_scheduled() -> None:
    assert {made["work_pool"]["name"] for made in definitions()} == set(POOLS.values())
    assert [made["schedules"][0]["active"] for made in definitions()] == [True, False, False]
    for made in definitions():
        assert made["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
        assert made["schedules"][0]["timezone"] == "Europe/Berlin"
        assert made["parameters"]["rebuild"] == {"stages": ["ingest"]}


def test_the_file_names_no_folder_of_a_machine_and_no_secret() -> None:
    text = (PROJECT / "prefect.yaml").read_text()
    assert not re.search(r"/(home|Users|work|root|tmp)/", text)
    assert not re.search(r"(?i)password|token|secret_access_key|://", text)


@ON_A_SERVER
def test_prefects_own_tools_take_the_whole_file(server: Server) -> None:
    done = server.call("prefect", "--no-prompt", "deploy", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    made = {entry["name"]: entry for entry in server.ask("deployments/filter", {})}
    assert {definition["name"] for definition in definitions()} <= set(made)
    for definition in definitions():
        entry = made[definition["name"]]
        assert entry["global_concurrency_limit"]["limit"] == 1
        assert entry["concurrency_options"]["collision_strategy"] == "ENQUEUE"
        assert entry["schedules"][0]["active"] is definition["schedules"][0]["active"]
        assert entry["enforce_parameter_schema"] is True


@ON_A_SERVER
def test_the_form_says_what_each_parameter_is_for(server: Server, deployed: str) -> None:
    form = server.ask(f"deployments/{deployed}", method="GET")["parameter_openapi_schema"]
    assert list(form["properties"]) == ["configs", "rebuild", "overrides"]
    assert all(field.get("description") for field in form["properties"].values())
    assert all(field.get("description") for field in form["definitions"]["Rebuild"]["properties"].values())


@ON_A_SERVER
@pytest.mark.usefixtures("deployed")
def test_deploying_twice_keeps_one_deployment_with_one_schedule(server: Server) -> None:
    named = [made for made in server.ask("deployments/filter", {}) if made["name"] == "doomed"]
    assert len(named) == 1
    (schedule,) = named[0]["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 * * 1", "Asia/Tokyo")
    assert "rebuild" not in named[0]["parameters"]


@ON_A_SERVER
def test_a_wrong_schedule_is_refused_with_how_to_write_it(server: Server, config: Path) -> None:
    done = server.call("flows.cli", "deploy", config, "--cron", "every sunday")
    assert done.returncode == 2
    assert "--cron '0 3 * * 0'" in done.stderr


def test_a_worker_without_a_server_says_how_to_start_one(tmp_path: Path) -> None:
    done = Pipeline(tmp_path, free_port()).call("worker")
    assert done.returncode == 2
    assert "pocketmoe up" in done.stderr


@ON_A_SERVER
@pytest.mark.usefixtures("worker")
def test_a_worker_runs_it_one_at_a_time_and_a_retry_goes_on_in_the_same_run(
    server: Server, deployed: str, config: Path
) -> None:
    first, second = (started(server, deployed) for _ in range(2))
    ended = {run: until(server, run, "Failed") for run in (first, second)}
    assert all("ingest:ocd" in run["state"]["message"] for run in ended.values())
    earlier, later = sorted(ended.values(), key=lambda run: run["start_time"])
    assert earlier["end_time"] <= later["start_time"]

    shutil.copytree(PDF.parent, config.parent / "library")
    retried = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
    server.ask(f"flow_runs/{first}/set_state", {"state": retried, "force": True})
    again = until(server, first, "Failed", run_count=2)
    assert "generate:ocd" in again["state"]["message"]
    assert "100000" in again["state"]["message"]
    assert len(list((server.home / "runs").glob(f"*-{first[:8]}"))) == 1


def started(server: Server, deployment: str) -> str:
    return server.ask(f"deployments/{deployment}/create_flow_run", {})["id"]


def until(
    server: Server, run: str, state: str, run_count: int = 1, seconds: float = 240
) -> dict[str, object]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = server.ask(f"flow_runs/{run}", method="GET")
        if found["state_name"] == state and found["run_count"] == run_count:
            return found
        time.sleep(0.5)
    raise TimeoutError(f"{run}: {found['state']} after {found['run_count']} runs")
