"""Pins the stage: systems share what they share, the router decides `real` alone, errors name the remedy."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.gather import read_sizes
from tasks.evaluate.run import run
from tasks.kernel.errors import DataError, ModelError, UnsupportedError
from tasks.kernel.workspace import Inputs, Workspace
from tasks.records.edge import Sizes
from tasks.records.evaluation import Evaluation, SystemEvaluation, read_answers, read_evaluation

pytestmark = pytest.mark.models

DOMAINS = ("alpha", "beta")
Relabel = Callable[[Sequence[str]], None]
CONFIG = EvaluateConfig(max_new_tokens=6, latency_prompts=1, bootstrap_samples=200)


def evaluate(inputs: Inputs, work: Workspace, config: EvaluateConfig = CONFIG) -> Evaluation:
    run(inputs, config, work)
    return read_evaluation(work.out)


def untimed(system: SystemEvaluation) -> object:
    return system.perplexity, system.scores


def test_a_perfect_router_makes_the_real_system_the_oracle(inputs: Inputs, workspace: Workspace) -> None:
    report = evaluate(inputs, workspace)
    assert report.router.accuracy == 1
    assert report.router.confusion == [[3, 0], [0, 3]]
    assert untimed(report.systems["real"]) == untimed(report.systems["oracle"])
    assert report.systems["real"].perplexity != report.systems["generalist"].perplexity
    assert report.comparison["real_vs_oracle"].perplexity.ratio.value == 1


def test_a_router_that_errs_changes_the_real_system_and_nothing_else(
    inputs: Inputs, workspace: Workspace, relabel: Relabel
) -> None:
    right = evaluate(inputs, workspace)
    relabel(DOMAINS[::-1])
    wrong = evaluate(inputs, workspace)
    assert wrong.router.accuracy == 0
    assert wrong.systems["real"].perplexity != right.systems["real"].perplexity
    for system in ("oracle", "generalist"):
        assert untimed(wrong.systems[system]) == untimed(right.systems[system])
    for name, part in wrong.domains.items():
        assert part.perplexity == right.domains[name].perplexity
        assert part.scores["oracle"] == right.domains[name].scores["oracle"]


def test_every_answer_is_listed_once_with_the_systems_that_give_it(
    inputs: Inputs, workspace: Workspace
) -> None:
    evaluate(inputs, workspace)
    answers = read_answers(workspace.out)
    found = sorted((answer.id, answer.model, answer.systems) for answer in answers)
    expected = [
        (f"{domain}-{number}", model, systems)
        for domain in DOMAINS
        for number in range(3)
        for model, systems in ((f"expert/{domain}", ("real", "oracle")), ("generalist", ("generalist",)))
    ]
    assert found == expected


def test_perplexities_and_text_scores_repeat(inputs: Inputs, workspace: Workspace) -> None:
    first, answers = evaluate(inputs, workspace), (workspace.out / "answers.jsonl").read_bytes()
    second = evaluate(inputs, workspace)
    assert first.domains == second.domains
    assert (workspace.out / "answers.jsonl").read_bytes() == answers


def test_fewer_questions_are_measured_when_asked(inputs: Inputs, workspace: Workspace) -> None:
    report = evaluate(inputs, workspace, CONFIG.model_copy(update={"max_questions_per_domain": 2}))
    assert {part.questions for part in report.domains.values()} == {2}


def test_sizes_of_merge_and_convert_are_joined(inputs: Inputs, tmp_path: Path) -> None:
    for kind, sizes in (("merged", '{"merged_bf16": 7}'), ("edge", '{"bundle": 2}')):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "sizes.json").write_text(sizes, encoding="utf-8")
    folders = {"merged/alpha": tmp_path / "merged", "edge/alpha": tmp_path / "edge"}
    assert read_sizes({**inputs, **folders}, "alpha") == Sizes(merged_bf16=7, bundle=2)
    assert read_sizes(inputs, "beta") == Sizes()


def test_progress_reaches_its_total_and_never_falls(inputs: Inputs, workspace: Workspace) -> None:
    seen: list[tuple[int, int]] = []

    def note(done: int, total: int, unit: str, **metrics: float) -> None:
        assert (unit, metrics) == ("questions", {})
        seen.append((done, total))

    evaluate(inputs, replace(workspace, progress=note))
    assert seen == sorted(seen)
    # Base and generalist score 6, each expert 3; experts and generalist answer what they score.
    assert seen[-1] == (30, 30)


def test_a_router_without_an_expert_is_refused(
    inputs: Inputs, workspace: Workspace, relabel: Relabel
) -> None:
    relabel(("alpha", "gamma"))
    with pytest.raises(DataError, match="router: no merged expert for gamma"):
        run(inputs, CONFIG, workspace)


def test_a_domain_without_held_out_questions_is_refused(inputs: Inputs, workspace: Workspace) -> None:
    (inputs["qa/beta"] / "test.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="domain beta has no held-out questions"):
        run(inputs, CONFIG, workspace)


def test_what_is_not_built_stops_the_stage_before_any_work(workspace: Workspace) -> None:
    with pytest.raises(UnsupportedError, match="regex is not built yet"):
        run({}, EvaluateConfig(constrained="regex"), workspace)


def test_a_missing_bundle_is_named(inputs: Inputs, workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.litertlm: no such bundle"):
        run({**inputs, "edge/alpha": tmp_path}, CONFIG, workspace)
