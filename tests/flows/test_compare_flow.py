"""Pins `compare-routers CONFIG`: one table of several kinds on the questions of a configuration.

It is cached like any stage, logged to MLflow, names both splits, and no run is disturbed by it.
"""

import json
from pathlib import Path

import pytest
from smoke_pipeline import SMOKE, Pipeline, free_port

from tasks.kernel.tracking.tracker import EXPERIMENT, Tracker

pytestmark = pytest.mark.flow

CANDIDATES = """\
compare:
  candidates:
  - {kind: tfidf-reference}
  - {kind: tfidf}
  - {kind: semantic, model: {source: tiny-encoder}}
  - {kind: encoder, model: {source: tiny-encoder}, num_epochs: 1}
  - {kind: cascade, stages: [{router: {kind: keywords}}, {router: {kind: tfidf}}], network: false}
"""
KINDS = ["tfidf-reference", "tfidf", "semantic", "encoder", "cascade"]


def records(home: Path) -> int:
    return len(list((home / "cache").glob("*.json")))


@pytest.mark.integration
def test_a_configurations_routers_are_compared_once_and_logged(common_api: str, tmp_path: Path) -> None:
    change = tmp_path / "candidates.yaml"
    change.write_text(CANDIDATES)
    pipeline = Pipeline(tmp_path / "home", free_port(), common_api)
    done = pipeline.call("compare-routers", SMOKE, change, "--json", "--folder", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["kind"] for row in rows] == KINDS
    for row in rows:
        assert (
            row["repeated_questions"] + row["near_questions"] + row["leak_free_questions"] == row["questions"]
        )
        assert 0 <= row["accuracy_8020"] <= 1
        assert row["p95_ms"] > 0
    assert not any(row["verdict"] == "not compared" for row in rows)

    (folder,) = (pipeline.home / "comparisons").iterdir()
    assert json.loads((folder / "comparison.json").read_text()) == rows
    assert (tmp_path / "kept" / "comparison.html").read_text() == (folder / "comparison.html").read_text()
    assert not (pipeline.home / "runs").exists()

    client = Tracker(pipeline.home).client
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert parent.data.metrics["tfidf.accuracy"] == rows[1]["accuracy"]
    assert {file.path for file in client.list_artifacts(parent.info.run_id)} >= {
        "comparison.html",
        "comparison.json",
    }
    assert len(runs) == 6

    built = records(pipeline.home)
    again = pipeline.call("compare-routers", SMOKE, change, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == rows
    assert records(pipeline.home) == built


def test_two_files_are_compared_by_the_same_stage_and_once(smoke: Pipeline, tmp_path: Path) -> None:
    rows = [
        {"question": f"What is {word} number {number}?", "domain": word}
        for word in ("yeast", "jib")
        for number in range(8)
    ]
    files = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    for file in files:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["compare-routers", "--train", files[0], "--test", files[1], "--kinds", "tfidf", "--json"]
    done = smoke.call(*command, "--folder", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["kind"], row["repeated_questions"]) == ("tfidf", 16)
    assert json.loads((tmp_path / "kept" / "comparison.json").read_text()) == [row]
    assert (tmp_path / "kept" / "routers" / "tfidf" / "router.json").is_file()
    built = records(smoke.home)
    assert json.loads(smoke.call(*command).stdout) == [row]
    assert records(smoke.home) == built
