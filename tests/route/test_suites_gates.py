"""Pins the gates: a router is measured as it ships, and a missed bar fails the stage with its figures."""

from pathlib import Path

import numpy as np
import pytest

from tasks.kernel.errors import DataError, StageError
from tasks.kernel.workspace import Workspace, silent
from tasks.records.dataset import Example
from tasks.records.files import write_records
from tasks.records.router import SuiteScore
from tasks.route.config import RouteConfig
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.run import run
from tasks.route.suites.measure import build_suites, check_gates, measure_suites, suite_scores
from tasks.router_runtime.router import Router
from tasks.statistics.wilson import wilson


@pytest.fixture(scope="module")
def router(library) -> Router:
    return fit_router(library, RouteConfig(), Resources({}, Path()))


@pytest.fixture(scope="module")
def scores(router, library, unseen_library) -> dict[str, SuiteScore]:
    return {score.name: score for score in suite_scores(router, library, unseen_library, seed=3)}


def test_accuracy_counts_the_first_domains_in_any_order(router, scores, library, unseen_library) -> None:
    for suite in build_suites(library, unseen_library, seed=3):
        right, unchanged = [], []
        for case in suite.cases:
            shares = router.predict([case.question])[1][0]
            best = [router.labels[at] for at in np.argsort(-shares)[: len(case.domains)]]
            right.append(sorted(best) == sorted(case.domains))
            unchanged.append(router.predict(list(case.clean))[0] == list(case.domains))
        score = scores[suite.name]
        assert (score.questions, score.accuracy) == (len(right), np.mean(right))
        assert score.clean_accuracy == np.mean(unchanged)
        interval = wilson(sum(right), len(right))
        assert (score.accuracy_low, score.accuracy_high) == pytest.approx(interval, abs=1e-6)


def test_forms_add_up_to_the_whole(scores, library, unseen_library) -> None:
    for suite in build_suites(library, unseen_library, seed=3):
        each = [scores[suite.name].forms[case.form] for case in suite.cases]
        assert np.mean(each) == pytest.approx(scores[suite.name].accuracy)


def test_the_worst_are_misrouted_and_the_surest_first(scores) -> None:
    shown = [score.worst for score in scores.values()]
    assert any(len(worst) == 3 for worst in shown)
    for worst in shown:
        assert all(set(one.routed) != set(one.domains) for one in worst)
        assert len({one.question for one in worst}) == len(worst) <= 3
        surest = [one.confidence for one in worst]
        assert surest == sorted(surest, reverse=True)


def test_a_bar_that_is_just_reached_passes_and_one_above_fails(scores) -> None:
    reached = {name: score.accuracy for name, score in scores.items()}
    check_gates(list(scores.values()), reached)
    check_gates(list(scores.values()), {})
    with pytest.raises(StageError, match=r"1 of 5 robustness suites"):
        check_gates(list(scores.values()), reached | {"mixed": scores["mixed"].accuracy + 1e-9})


def test_a_missed_bar_carries_figures_and_examples_of_every_missed_suite(scores) -> None:
    with pytest.raises(StageError) as raised:
        check_gates(list(scores.values()), {"mixed": 1.0, "short": 1.0, "typos": 0.0})
    message = str(raised.value)
    assert "suites.typos" not in message
    for name in ("mixed", "short"):
        score = scores[name]
        assert f"suites.{name}: {score.accuracy:.1%} of {score.questions} questions" in message
        assert f"{score.accuracy_low:.1%} to {score.accuracy_high:.1%}" in message
        assert all(repr(one.question) in message for one in score.worst)
    assert message.count(" instead of ") == len(scores["mixed"].worst) + len(scores["short"].worst)
    assert "lower the bar in `suites`" in message


def test_a_bar_without_questions_to_measure_is_refused(unseen_library) -> None:
    law = [place for place, label in enumerate(unseen_library.labels) if label == "law"]
    one = unseen_library.at(law)
    lone = fit_router(one, RouteConfig(), Resources({}, Path()))
    scores = measure_suites(lone, build_suites(one, one, seed=3))
    assert "mixed" not in {score.name for score in scores}
    with pytest.raises(DataError, match=r"suites\.mixed: no question .* remove this bar"):
        check_gates(scores, {"mixed": 0.5})


def test_the_stage_fails_where_a_bar_is_missed(tmp_path, library, unseen_library) -> None:
    inputs = {}
    for domain in library.domains:
        inputs[f"qa/{domain}"] = tmp_path / domain
        (tmp_path / domain).mkdir()
        for split, questions in (("train", library), ("validation", library), ("test", unseen_library)):
            rows = zip(questions.ids, questions.texts, questions.labels, strict=True)
            examples = [
                Example(id=f"{split}-{name}", question=text, answer="Yes.", teacher="scripted")
                for name, text, label in rows
                if label == domain
            ]
            write_records(tmp_path / domain / f"{split}.jsonl", examples)
    (tmp_path / "out").mkdir()
    (tmp_path / "scratch").mkdir()
    work = Workspace(tmp_path / "out", tmp_path / "scratch", silent)
    with pytest.raises(StageError, match=r"suites\.mixed"):
        run(inputs, RouteConfig(suites={"mixed": 1.0}, ambiguous="unmarked"), work)
