"""Pins metrics by domain: each domain is scored by its own, several domains by what they share."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.config import Config
from flows.report.collect import collect
from flows.report.html import write_report
from flows.report.schema import RunFacts
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metrics.chosen_metrics import Scorer, load_scorer
from tasks.evaluate.run import run
from tasks.kernel.errors import ConfigError, DataError
from tasks.kernel.workspace import Inputs, Workspace
from tasks.records.dataset import Example
from tasks.records.estimate import Estimate
from tasks.records.evaluation import read_answers, read_evaluation
from tasks.records.files import write_records

pytestmark = pytest.mark.slow
BY_DOMAIN = {"code": ("exact_match", "pass_at_k"), "decisions": ("decision_accuracy", "exact_match")}
QUESTIONS = [
    Question("code", "c", "add", "def add(a, b): return a + b", {"tests": "assert add(1, 2) == 3"}),
    Question("decisions", "d", "helps?", "yes"),
    Question("texts", "t", "say", "a word"),
]


def scorer(folder: Path, domains: object = BY_DOMAIN) -> Scorer:
    given = {"metrics": ["rouge_l", "exact_match"], "domain_metrics": domains, "bootstrap_samples": 100}
    return load_scorer(EvaluateConfig.model_validate(given), {}, folder)


def test_each_domain_is_scored_by_its_own_metrics(tmp_path: Path) -> None:
    made = scorer(tmp_path)
    made.require(QUESTIONS)
    answers = ["def add(x, y): return x + y", "yes", "a word"]
    assert made.by_answer(answers, QUESTIONS) == [
        {"exact_match": 0, "pass_at_1": 1},
        {"decision_accuracy": 1, "exact_match": 1},
        {"rouge_l": 1, "exact_match": 1},
    ]
    assert set(made.scores(answers[:1], QUESTIONS[:1])) == {"exact_match", "pass_at_1"}
    assert set(made.gains(answers[1:2], ["no"], QUESTIONS[1:2])) == {"decision_accuracy", "exact_match"}


def test_several_domains_are_scored_by_what_they_share(tmp_path: Path) -> None:
    made = scorer(tmp_path)
    found = made.scores(["x", "yes", "a word"], QUESTIONS)
    assert list(found) == ["exact_match"]
    assert isinstance(found["exact_match"], Estimate)
    assert found["exact_match"].value == pytest.approx(2 / 3)


def test_a_domain_without_metrics_has_perplexity_alone(tmp_path: Path) -> None:
    made = scorer(tmp_path, {"code": ["perplexity"], "decisions": []})
    assert made.scores(["x"], QUESTIONS[:1]) == {}
    assert made.scores(["x", "y", "z"], QUESTIONS) == {}


def test_a_question_without_what_checks_it_is_refused_before_anything_is_measured(
    inputs: Inputs, workspace: Workspace
) -> None:
    config = EvaluateConfig.model_validate({"domain_metrics": {"alpha": ["pass_at_k"]}})
    with pytest.raises(DataError, match="alpha: question alpha-0 has no `tests` to check"):
        run(inputs, config, workspace)


def test_metrics_of_an_unknown_domain_are_refused(inputs: Inputs, workspace: Workspace) -> None:
    config = EvaluateConfig.model_validate({"domain_metrics": {"gamma": ["chrf"]}})
    with pytest.raises(ConfigError, match="there is no domain gamma \\(there are alpha, beta\\)"):
        run(inputs, config, workspace)
    given = {
        "name": "one",
        "domains": {"alpha": {"documents": "library"}},
        "evaluate": {"domain_metrics": {"gamma": ["chrf"]}},
    }
    with pytest.raises(ValidationError, match="there is no domain gamma"):
        Config.model_validate(given)


def shown(evaluation: Path, folder: Path) -> str:
    """Return the page of a report on an evaluation."""
    domains = {"domains": {"alpha": {}, "beta": {}}}
    report = collect({"evaluation": evaluation}, [], domains, RunFacts(status="completed", seconds=1))
    write_report(report, folder / "run")
    return (folder / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.models
def test_a_run_reports_each_domains_own_scores(inputs: Inputs, workspace: Workspace, tmp_path: Path) -> None:
    tested = [
        Example(
            id=str(number),
            question=f"alpha {number}?",
            answer="x = 1",
            teacher="dataset",
            checks={"tests": test},
        )
        for number, test in enumerate(("x", "assert 1", "assert True"))
    ]
    write_records(inputs["qa/alpha"] / "test.jsonl", tested)
    config = EvaluateConfig.model_validate(
        {
            "metrics": ["chrf"],
            "domain_metrics": {
                "alpha": [{"kind": "pass_at_k", "k": [2], "samples": 3}, "json_valid"],
                "beta": ["semantic_similarity", "macro_f1"],
            },
            "max_new_tokens": 6,
            "latency_prompts": 1,
            "bootstrap_samples": 100,
        }
    )
    metrics = run(inputs, config, workspace)
    report = read_evaluation(workspace.out)
    assert {name: set(part.scores["oracle"].scores) for name, part in report.domains.items()} == {
        "alpha": {"pass_at_1", "pass_at_2", "json_valid"},
        "beta": {"semantic_similarity", "macro_f1"},
    }
    assert report.systems["real"].scores == {}
    page = shown(workspace.out, tmp_path)
    for heading in ("pass@1", "pass@2", "valid JSON", "semantic similarity", "macro F1"):
        assert page.count(f'<th scope="col">{heading}</th>') == 1
    assert {"pass_at_1_oracle_alpha", "macro_f1_generalist_beta"} < set(metrics)
    of_alpha = [answer.model_extra for answer in read_answers(workspace.out) if answer.domain == "alpha"]
    assert all(set(scores or {}) == {"pass_at_1", "pass_at_2", "json_valid"} for scores in of_alpha)
