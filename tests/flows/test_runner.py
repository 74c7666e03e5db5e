"""Stages run on a cluster of two workers as they do in threads, or the run is refused before the first."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.settings import PREFECT_API_URL, temporary_settings
from smoke_pipeline import SMOKE, Pipeline, free_port

from flows.runs.runners import Runner, task_runner, with_gpu
from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import PROJECT, Settings

pytestmark = pytest.mark.flow

CLUSTERS = pytest.mark.parametrize("runner", ["dask", pytest.param("ray", marks=pytest.mark.integration)])


@CLUSTERS
def test_two_workers_share_the_store_and_build_the_same_bytes(smoke: Pipeline, runner: str) -> None:
    command = ("rerun", SMOKE, "--only", "ingest:ocd", "--yes")
    done = smoke.call(*command, POCKETMOE_TASK_RUNNER=runner)
    assert done.returncode == 0, done.stdout + done.stderr
    stages = smoke.stages()
    assert {label for label, status in stages.items() if status == "built"} == {"ingest:ocd"}
    assert set(stages.values()) == {"built", "cached"}
    runs = sorted(
        path for path in (smoke.home / "runs").glob("*/artifacts.json") if "latest" not in str(path)
    )
    in_threads, on_cluster = (json.loads(path.read_text()) for path in runs[-2:])
    assert on_cluster == in_threads


@CLUSTERS
def test_what_tasks_return_reaches_the_next_ones_wherever_they_run(
    smoke: Pipeline, runner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(smoke.home))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    settings = Settings(artifacts=smoke.home, task_runner=runner, gpus=(3, 5))
    with temporary_settings({PREFECT_API_URL: smoke.api}), task_runner(settings) as started:
        with with_gpu(started):
            met = [submit(started, meet, place=tmp_path, name=name) for name in ("a", "b")]
        nested = submit(started, gathered, by_name={"a": met[0]}, in_list=met)
        failed = submit(started, fail, after=met)
        after = submit(started, gathered, by_name={"a": failed}, in_list=[])
        processes = nested.result()
        after.wait()
        assert failed.state.is_failed()
        assert not after.state.is_final()
    pids = {pid for pid, _ in processes["in_list"]}
    assert len(pids - {os.getpid()}) == 2
    assert processes["by_name"]["a"] == processes["in_list"][0]
    if runner == "ray":
        assert {gpus for _, gpus in processes["in_list"]} == {"3", "5"}


@CLUSTERS
def test_workers_that_reach_neither_api_nor_store_are_refused(
    runner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path / "theirs"))
    api = f"http://127.0.0.1:{free_port()}/api"
    settings = Settings(artifacts=tmp_path / "ours", task_runner=runner)
    with (
        temporary_settings({PREFECT_API_URL: api}),
        pytest.raises(ServiceError) as refused,
        task_runner(settings),
    ):
        pass
    message = str(refused.value)
    assert f"no Prefect API answers at PREFECT_API_URL={api}" in message
    assert f"the artifacts in {tmp_path / 'theirs'} are not those in {tmp_path / 'ours'}" in message
    assert "set POCKETMOE_ARTIFACTS to it, or set POCKETMOE_STORE_URL" in message
    assert not list((tmp_path / "ours").iterdir())


def test_threads_import_no_cluster() -> None:
    code = (
        "import sys; from flows.runs.runners import task_runner; from tasks.kernel.settings import Settings\n"
        "with task_runner(Settings(task_runner='thread')): pass\n"
        "sys.exit(bool({'dask', 'distributed', 'ray'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


def meet(place: Path, name: str) -> tuple[int, str]:
    """Wait for the other task, which only two workers side by side can do."""
    (place / name).touch()
    deadline = time.monotonic() + 60
    while len(list(place.iterdir())) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return os.getpid(), os.environ["CUDA_VISIBLE_DEVICES"]


def gathered(**values: object) -> dict[str, object]:
    return values


def fail(after: object) -> None:
    raise ValueError(after)


def submit(runner: Runner, work: object, **arguments: object) -> PrefectFuture:
    def body(**arguments: object) -> object:
        return work(**arguments)

    return runner.submit(Task(fn=body, cache_policy=NO_CACHE), {"arguments": arguments})
