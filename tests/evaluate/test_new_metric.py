"""Pins that a metric needs no more than its function and its name to reach files, MLflow and the page."""

import json
from pathlib import Path

import pytest

from flows.report.collect import collect
from flows.report.html import write_report
from flows.report.schema import RunFacts
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.run import run
from tasks.kernel.workspace import Inputs, Workspace
from tasks.records.evaluation import read_answers, read_evaluation

pytestmark = pytest.mark.models
MODULE = """\
import datasets
import evaluate


class Length(evaluate.Metric):
    def _info(self):
        texts = datasets.Features(dict.fromkeys(("predictions", "references"), datasets.Value("string")))
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=texts)

    def _compute(self, predictions, references):
        return {"length": [1234.0 for _ in predictions]}
"""
FACTS = RunFacts(status="completed", seconds=1)


@pytest.mark.parametrize("name", ["exact_match", "length"])
def test_a_metric_reaches_every_place_by_its_name_alone(
    name: str, inputs: Inputs, workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "length.py"
    file.write_text(MODULE, encoding="utf-8")
    named = str(file) if name == "length" else name
    config = EvaluateConfig(metrics=(named,), max_new_tokens=6, latency_prompts=1, bootstrap_samples=100)
    metrics = run({**inputs, f"metric/{file}": file}, config, workspace)
    value = 1234.0 if name == "length" else 0.0
    places = ("real", "oracle_alpha", "generalist_beta")
    assert {metrics[f"{name}_{place}"] for place in places} == {value}
    part = read_evaluation(workspace.out).domains["alpha"]
    assert part.scores["oracle"].scores[name].value == value
    assert {answer.model_extra[name] for answer in read_answers(workspace.out) if answer.model_extra} == {
        value
    }

    report = collect({"evaluation": workspace.out}, [], {"domains": {"alpha": {}, "beta": {}}}, FACTS)
    write_report(report, tmp_path / "run")
    content = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    assert content["domains"]["alpha"]["evaluation"]["scores"]["oracle"][name]["value"] == value
    assert content["systems"]["real"][name]["value"] == value
    heading = f'<th scope="col">{name.replace("_", " ")}</th>'
    assert (tmp_path / "run" / "report.html").read_text(encoding="utf-8").count(heading) == 2
