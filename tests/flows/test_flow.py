"""The whole flow on tiny real models: built once, never twice, and only what a change reaches."""

import json
import sqlite3
from pathlib import Path

import pytest
from smoke_pipeline import SMOKE, Pipeline

pytestmark = pytest.mark.flow

FAN_IN = {"route", "finetune:generalist", "merge:generalist", "evaluate"}


def overlay(folder: Path, text: str) -> Path:
    path = folder / "overlay.yaml"
    path.write_text(text)
    return path


def test_the_first_run_builds_every_stage_and_reports_it(finished_smoke: Pipeline) -> None:
    report = finished_smoke.report()
    assert report["schema"] == "pocketmoe-report-2"
    assert report["status"] == "completed"
    assert len(report["stages"]) == 20
    for name in ("anxiety", "ocd"):
        domain = report["domains"][name]
        assert domain["passages"] > 0
        assert domain["pairs"] >= 20
        assert all(domain["sizes"][step] > 0 for step in ("adapter", "merged_bf16", "int4_tflite", "bundle"))
        measured = domain["evaluation"]
        assert all(measured["perplexity"][who]["value"] > 1 for who in ("base", "expert", "generalist"))
        assert measured["edge_perplexity"]["edge"]["value"] > 1
        assert set(measured["scores"]["oracle"]) == {"rouge_l", "bleu", "exact_match", "token_f1"}
        assert sum(group["bytes"] for group in domain["breakdown"]) == domain["sizes"]["bundle"]
        assert Path(domain["files"]["bundle"]).stat().st_size == domain["sizes"]["bundle"]
    assert set(report["systems"]) == {"real", "oracle", "generalist"}
    assert report["peak_memory_bytes"] > 0
    html = (finished_smoke.home / "runs" / "latest" / "report.html").read_text()
    assert "<svg" in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_the_server_of_a_run_keeps_every_task_state(finished_smoke: Pipeline) -> None:
    with sqlite3.connect(finished_smoke.home / "prefect" / "prefect.db") as database:
        (first, state), *_ = database.execute("select id, state_name from flow_run order by start_time")
        states = database.execute(
            "select state_name from task_run where flow_run_id = ?", (first,)
        ).fetchall()
    assert state == "Completed"
    assert states == [("Completed",)] * 20


def test_every_stage_has_a_run_below_the_flows_run(finished_smoke: Pipeline) -> None:
    from tasks.kernel.tracking.tracker import EXPERIMENT, Tracker

    client = Tracker(finished_smoke.home).client
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[-1].info.run_id]
    assert len(children) == 20
    assert {run.info.status for run in [parents[-1], *children]} == {"FINISHED"}
    assert all(run.data.params and run.data.metrics for run in children)


def test_a_second_run_builds_nothing(smoke: Pipeline) -> None:
    assert {row["status"] for row in smoke.plan(SMOKE).values()} == {"hit"}
    assert set(smoke.run(SMOKE).values()) == {"cached"}


@pytest.mark.integration
def test_a_changed_rank_rebuilds_only_downstream_of_that_expert(smoke: Pipeline, tmp_path: Path) -> None:
    change = overlay(tmp_path, "domains: {ocd: {finetune: {adapter: {rank: 2}}}}\n")
    row = smoke.plan(SMOKE, change)["finetune:ocd"]
    assert (row["status"], row["reason"]) == ("miss", "changed: config.adapter.rank: 4 -> 2")
    stages = smoke.run(SMOKE, change)
    built = {label for label, status in stages.items() if status == "built"}
    assert built == {"finetune:ocd", "merge:ocd", "heal:ocd", "convert:ocd", "chain:ocd", "evaluate"}


@pytest.mark.integration
def test_a_new_domain_builds_only_its_own_branch_and_the_fan_in(smoke: Pipeline, tmp_path: Path) -> None:
    pdf = "examples/library/depression/understanding-depression.pdf"
    change = overlay(tmp_path, f"domains: {{depression: {{documents: {pdf}}}}}\n")
    stages = smoke.run(SMOKE, change)
    built = {label for label, status in stages.items() if status == "built"}
    own = {
        f"{stage}:depression"
        for stage in ("ingest", "generate", "finetune", "merge", "heal", "convert", "chain")
    }
    assert built == own | FAN_IN


def test_lost_bytes_are_noticed_and_built_again(smoke: Pipeline) -> None:
    bundle = smoke.artifact("edge/anxiety") / "model.litertlm"
    before = bundle.read_bytes()
    bundle.write_bytes(before[:-1] + b"?")
    done = smoke.call("run", SMOKE)
    assert done.returncode == 0, done.stderr
    assert "convert:anxiety: model.litertlm is damaged or missing; building it again" in done.stderr
    assert bundle.read_bytes() == before
    built = {label for label, status in smoke.stages().items() if status == "built"}
    assert built == {"convert:anxiety"}


def test_one_failing_domain_fails_the_run_and_keeps_what_is_built(smoke: Pipeline, tmp_path: Path) -> None:
    change = overlay(tmp_path, "domains: {ocd: {generate: {min_pairs: 100000}}}\n")
    done = smoke.call("run", SMOKE, change)
    assert done.returncode == 2
    assert "generate:ocd: " in done.stderr
    assert "100000" in done.stderr
    stages = smoke.stages()
    assert stages["generate:ocd"] == "failed"
    assert stages["convert:anxiety"] == "cached"
    assert stages["evaluate"] == "skipped"
    assert smoke.report()["status"] == "failed"
    assert json.loads(smoke.call("plan", "--json", SMOKE).stdout)[0]["status"] == "hit"


def test_bad_input_is_named_with_exit_code_two(smoke: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    config = overlay(
        tmp_path,
        f"name: bad\nbase_model: {{source: tiny}}\n"
        f"domains: {{a: {{documents: {tmp_path / 'empty'}}}, b: {{documents: {tmp_path / 'none'}}}}}\n"
        "generate: {teacher: {kind: scripted}}\n",
    )
    done = Pipeline(tmp_path / "home", smoke.port, smoke.api).call("run", config)
    assert done.returncode == 2
    assert "ingest:a: " in done.stderr
    assert "ingest:b: " in done.stderr
    assert "Traceback" not in done.stderr
