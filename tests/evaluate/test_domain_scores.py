"""Pins scores by domain: of each system's answers to that domain's questions, and no others."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tasks.evaluate.concluding.evaluation_report import evaluation
from tasks.evaluate.concluding.mlflow_metrics import flat_metrics
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.measuring.float_models import Measured
from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.measuring.systems import BASE, GENERALIST, RouterDecisions, assignments, expert
from tasks.evaluate.metrics.chosen_metrics import load_scorer
from tasks.evaluate.task import evaluate_system
from tasks.kernel.artifacts import MergedModel, Router
from tasks.kernel.errors import DataError
from tasks.kernel.fingerprint import recipe_key
from tasks.kernel.job import job_recipe
from tasks.models.sources import TinyModel
from tasks.records.evaluation import Evaluation, read_evaluation, write_evaluation
from tasks.router_runtime.policy import Decision
from tasks.statistics.bootstrap import Loss

pytestmark = pytest.mark.slow

CONFIG = EvaluateConfig(metrics=("exact_match", "bleu"), bootstrap_samples=100)
ASKED = (("ocd", "ocd"), ("ocd", "panic"), ("panic", "panic"), ("panic", "panic"))
"""Domain of each question, and the expert that the router names."""
RIGHT: Mapping[str, set[int]] = {expert("ocd"): {0, 1}, expert("panic"): {3}, GENERALIST: {2}}
"""Questions that each model answers as the reference does."""


def concluded(folder: Path) -> Evaluation:
    places = range(len(ASKED))
    questions = [
        Question(domain, str(place), f"why {place}?", "wash hands") for place, (domain, _) in enumerate(ASKED)
    ]
    decisions = [Decision("expert", ((asked, 1.0),), 1.0, 1.0) for _, asked in ASKED]
    losses = {place: Loss(1.0, 2) for place in places}
    models = {
        name: Measured(
            losses,
            {place: "Wash hands." if place in right else "no" for place in places},
            dict.fromkeys(places, 1.0),
            [],
        )
        for name, right in {**RIGHT, BASE: set()}.items()
    }
    routing = RouterDecisions(decisions, [0.0] * len(ASKED))
    systems = assignments(questions, routing)
    evidence = Evidence(questions, ("ocd", "panic"), routing, systems, models, {}, {}, {}, 0)
    return evaluation(evidence, CONFIG, load_scorer(CONFIG, {}, folder))


def test_each_domain_scores_every_systems_answers_to_its_own_questions(tmp_path: Path) -> None:
    domains = concluded(tmp_path).domains
    found = {
        (domain, system): part.scores[system].scores["exact_match"].value
        for domain, part in domains.items()
        for system in part.scores
    }
    assert found == {
        ("ocd", "real"): 0.5,
        ("ocd", "oracle"): 1,
        ("ocd", "generalist"): 0,
        ("panic", "real"): 0.5,
        ("panic", "oracle"): 0.5,
        ("panic", "generalist"): 0.5,
    }


def test_a_mean_over_questions_has_an_interval_and_a_figure_of_all_has_none(tmp_path: Path) -> None:
    scores = concluded(tmp_path).domains["panic"].scores["real"].scores
    assert {name: score.bounded for name, score in scores.items()} == {"exact_match": True, "bleu": False}


def test_mlflow_has_each_score_by_system_and_domain(tmp_path: Path) -> None:
    metrics = flat_metrics(concluded(tmp_path))
    assert metrics["exact_match_oracle_ocd"] == 1
    assert metrics["exact_match_real"] == 0.5
    assert metrics["routing_tax_exact_match"] == -0.25
    assert "rouge_l_real" not in metrics


def test_an_evaluation_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = concluded(tmp_path)
    write_evaluation(tmp_path, found, [])
    assert read_evaluation(tmp_path) == found


def test_a_damaged_evaluation_is_refused_with_file_field_and_remedy(tmp_path: Path) -> None:
    write_evaluation(tmp_path, concluded(tmp_path), [])
    path = tmp_path / "evaluation.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"misrouted": 1', '"misrouted": "some"'), encoding="utf-8"
    )
    message = r"evaluation\.json: router\.tax\.misrouted: .*; run the evaluation again"
    with pytest.raises(DataError, match=message):
        read_evaluation(tmp_path)


def test_a_metrics_file_enters_the_key_by_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "clarity.py"
    keys = set()
    for content in ("1", "2"):
        file.write_text(content, encoding="utf-8")
        config = EvaluateConfig(metrics=("bleu", str(file)))
        router, generalist = Router(digest="1" * 64), MergedModel(digest="2" * 64)
        job = evaluate_system.describe(router, {}, {}, generalist, {}, TinyModel(), config)
        keys.add(recipe_key(job_recipe("evaluate", job)))
    assert job.sources == {f"metric/{file}": file}
    assert len(keys) == 2


def test_databases_and_schemas_of_a_domain_enter_the_key_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    files = {"databases": tmp_path / "db" / "shop.sqlite", "file": tmp_path / "schema.json"}
    metrics = (
        {"kind": "sql_execution", "databases": str(tmp_path / "db")},
        {"kind": "json_schema", "file": str(files["file"])},
    )
    config = EvaluateConfig.model_validate({"domain_metrics": {"ocd": metrics}})
    keys = set()
    for changed in (*files, *files):
        for path in files.values():
            path.touch()
        files[changed].write_text(f"{changed} {len(keys)}", encoding="utf-8")
        router, generalist = Router(digest="1" * 64), MergedModel(digest="2" * 64)
        job = evaluate_system.describe(router, {}, {}, generalist, {}, TinyModel(), config)
        keys.add(recipe_key(job_recipe("evaluate", job)))
    assert set(job.sources) == {f"metric/{tmp_path / 'db'}", f"metric/{files['file']}"}
    assert len(keys) == 4
