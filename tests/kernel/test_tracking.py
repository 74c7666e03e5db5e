"""Tracking: everything about a stage is in MLflow, cheaply, and MLflow never costs a stage its work."""

import logging
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException  # noqa: TID251  # what a busy database causes
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE  # noqa: TID251

from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import PROJECT
from tasks.kernel.tracking.mlflow_run import DIGEST_CHARACTERS, DataInput, TrackedRun, asked
from tasks.kernel.tracking.tracker import Tracker, tracking_uri

pytestmark = pytest.mark.slow

DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def tracker(home: Path) -> Tracker:
    return Tracker(home, f"sqlite:///{home}/mlflow/mlflow.db")


def progress(step: int) -> dict[str, float | str]:
    return {"done": step, "total": 5000, "unit": "steps", "loss": 5.0 - step / 1000, "tokens": 7 * step}


def record(run: TrackedRun, folder: Path, **recipe: object) -> None:
    folder.mkdir(exist_ok=True)
    run.record(recipe, {"train_loss": 1.5}, folder, DIGEST, '{"kind": "Adapter"}')


def test_thousands_of_steps_are_all_there_and_cost_little(tracker: Tracker) -> None:
    with tracker.run("finetune:steps") as run:
        begun = time.perf_counter()
        for step in range(1, 5001):
            run.step(progress(step))
        run.flush()
        assert time.perf_counter() - begun < 5
    history = tracker.client.get_metric_history(run.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(n, 5.0 - n / 1000) for n in range(1, 5001)]


def test_steps_wait_for_company_and_are_written_before_the_run_ends(tracker: Tracker) -> None:
    with tracker.run("finetune:few") as run:
        run.step(progress(1))
        assert "loss" not in tracker.client.get_run(run.run_id).data.metrics
    assert tracker.client.get_run(run.run_id).data.metrics["tokens"] == 7


def test_a_figure_of_the_whole_stage_follows_its_steps(tracker: Tracker, tmp_path: Path) -> None:
    with tracker.run("finetune:final") as run:
        run.step(progress(12))
        run.record({}, {"tokens": 99.0}, tmp_path, DIGEST)
    assert tracker.client.get_run(run.run_id).data.metrics["tokens"] == 99


def test_more_parameters_than_mlflow_takes_at_once_are_logged_at_full_length(
    tracker: Tracker, tmp_path: Path
) -> None:
    recipe = {"artifacts": {f"qa/{number}": DIGEST for number in range(250)}, "prompt": "x" * 5000}
    with tracker.run("evaluate") as run:
        record(run, tmp_path / "data", **recipe)
    params = tracker.client.get_run(run.run_id).data.params
    assert len(params) == 251
    assert params["prompt"] == "x" * 5000


def test_a_parameter_may_hold_the_name_of_any_file(tracker: Tracker, tmp_path: Path) -> None:
    names = ["#1 50% off? [a].txt", r"caf\xe9.txt", r"caf\xe8.txt", "-x//'y'.txt", "z" * 260]
    with tracker.run("ingest:names") as run:
        record(run, tmp_path / "names", sources={"documents": dict.fromkeys(names, "ab12")})
    found = {key for key, value in tracker.client.get_run(run.run_id).data.params.items() if value == "ab12"}
    assert len(found) == len(names)
    assert all(key.startswith("sources.documents.") for key in found)


def test_small_files_and_the_manifest_are_there_and_weights_are_not(tracker: Tracker, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name, size in {"report.json": 10, "a/report.json": 10, "big.jsonl": 2_000_000, "w.bin": 1}.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"1" * size)
    with tracker.run("route") as run:
        record(run, data)
    found = {file.path for file in tracker.client.list_artifacts(run.run_id)}
    assert found == {"report.json", "a", "manifest.json"}
    assert [file.path for file in tracker.client.list_artifacts(run.run_id, "a")] == ["a/report.json"]


def test_figures_account_and_card_of_a_data_set_are_there(tracker: Tracker, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    names = {"README.md", "funnel.json", "coverage.json", "samples.json", "train.jsonl"}
    for name in names:
        (data / name).write_text("{}\n" * 300_000 if name == "coverage.json" else "{}")
    figures = {"kept": 186.0, "rejected_leaks_to_held_out": 8.0, "money_per_kept_pair": 0.0018}
    with tracker.run("generate:ocd") as run:
        run.record({}, figures, data, DIGEST)
    assert {file.path for file in tracker.client.list_artifacts(run.run_id)} == names
    assert figures.items() <= tracker.client.get_run(run.run_id).data.metrics.items()


def test_data_sets_are_inputs_with_name_digest_and_source(tracker: Tracker) -> None:
    with tracker.run("finetune:inputs") as run:
        run.log_inputs(
            [DataInput("qa/anxiety", DIGEST, "/store/qa"), DataInput("qa/ocd", DIGEST, "s3://b/o")]
        )
    inputs = tracker.client.get_run(run.run_id).inputs.dataset_inputs
    found = {one.dataset.name: (one.dataset.digest, one.dataset.source) for one in inputs}
    short = DIGEST[:DIGEST_CHARACTERS]
    assert found == {
        "qa/anxiety": (short, '{"uri": "/store/qa"}'),
        "qa/ocd": (short, '{"uri": "s3://b/o"}'),
    }


def test_the_machine_is_watched_and_no_thread_stays(tracker: Tracker) -> None:
    before = set(threading.enumerate())
    with tracker.run("merge:watched") as run:
        time.sleep(1.5)
    assert "system/cpu_utilization_percentage" in tracker.client.get_run(run.run_id).data.metrics
    assert [thread.name for thread in set(threading.enumerate()) - before] == []


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_ends_as_its_body_ends(tracker: Tracker, error: type[BaseException], status: str) -> None:
    with pytest.raises(error), tracker.run("ingest") as run:
        raise error
    assert tracker.client.get_run(run.run_id).info.status == status


def test_a_run_that_failed_goes_on(tracker: Tracker) -> None:
    with pytest.raises(ValueError, match="first"), tracker.run("system") as run:
        raise ValueError("first")
    with tracker.run("system", resume=run.run_id) as again:
        assert tracker.client.get_run(run.run_id).info.status == "RUNNING"
    assert again.run_id == run.run_id
    assert tracker.client.get_run(run.run_id).info.status == "FINISHED"


def test_a_database_locked_for_seconds_loses_nothing(tracker: Tracker, home: Path, tmp_path: Path) -> None:
    locked = threading.Event()

    def hold() -> None:
        with sqlite3.connect(home / "mlflow" / "mlflow.db", isolation_level=None) as database:
            database.execute("BEGIN EXCLUSIVE")
            locked.set()
            time.sleep(4)
            database.execute("COMMIT")

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait()
    with tracker.run("convert:busy") as run:
        run.step(progress(3))
        record(run, tmp_path / "data", seed=42)
    holder.join()
    found = tracker.client.get_run(run.run_id)
    assert (found.info.status, found.data.params["seed"]) == ("FINISHED", "42")
    assert {"loss", "train_loss"} <= found.data.metrics.keys()


def test_a_database_that_fails_at_once_for_two_writers_is_asked_again() -> None:
    answers = [MlflowException("locked", TEMPORARILY_UNAVAILABLE), None]

    def call() -> str:
        if error := answers.pop(0):
            raise error
        return "done"

    assert asked(call) == "done"


def test_what_mlflow_refuses_later_is_a_warning(
    tracker: Tracker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), tracker.run("generate:lost") as run:
        tracker.client.delete_run(run.run_id)
        record(run, tmp_path / "data")
    assert "not in MLflow: the stage's record" in caplog.text


def test_a_server_that_is_not_there_is_told_before_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ServiceError, match="MLFLOW_TRACKING_URI"):
        Tracker(tmp_path, "http://127.0.0.1:9")


def test_the_standard_variable_names_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert tracking_uri(tmp_path) == "http://mlflow:5000"


def test_two_processes_may_make_the_database_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tasks.kernel.tracking.tracker import Tracker\n"
        "with Tracker(Path(sys.argv[1])).run('first'): pass"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE) for _ in range(2)]
    assert [(process.communicate(timeout=60), process.returncode)[1] for process in processes] == [0, 0]


def test_tracking_is_imported_without_mlflow() -> None:
    ours = "tasks.kernel.tracking.tracker, tasks.kernel.tracking.registry, flows.config"
    code = f"import sys, {ours}; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0
