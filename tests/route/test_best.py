"""Pins the choice among kinds: by held-out questions, within limits, and never by test questions."""

import numpy as np
import pytest

from tasks.kernel.errors import ConfigError, DataError
from tasks.kernel.workspace import Workspace, silent
from tasks.records.dataset import Example, Split
from tasks.records.files import write_records
from tasks.route.composite_config import BestRouter, CascadeRouter, CascadeStage, KeywordRouter
from tasks.route.confidence.unseen import unseen_by_all, unseen_scores
from tasks.route.config import RouteConfig
from tasks.route.kinds.fit import fit, fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.run import run
from tasks.route.single_config import TfidfReferenceRouter, TfidfRouter
from tasks.router_runtime.router_files import load_router, read_router_file, save_router

ONE = {"C": (1.0,), "families": ("svm",), "class_weights": ("none",), "folds": 3}
WORDS = TfidfRouter(char_ngrams=None, **ONE)
POOR = TfidfReferenceRouter(max_features=3)
GOOD_LAST = (POOR, WORDS)


def chosen(questions, folder, **settings: object) -> dict[str, object]:
    config = BestRouter(**{"candidates": GOOD_LAST, **settings})
    return dict(fit(questions, None, config, Resources({}, folder)).notes["best"])


def test_the_candidate_that_finds_most_held_out_questions_wins(library, tmp_path) -> None:
    note = chosen(library, tmp_path)
    assert (note["winner"], note["kind"], note["questions"]) == (1, "tfidf", len(library.texts))
    accuracies = [one["accuracy"] for one in note["candidates"]]
    assert accuracies[1] > accuracies[0]


@pytest.mark.parametrize("criterion", ["accuracy", "macro_f1", "ece", "log_loss"])
def test_every_criterion_takes_the_best_of_its_figure(library, tmp_path, criterion) -> None:
    note = chosen(library, tmp_path, criterion=criterion)
    values = [one[criterion] for one in note["candidates"]]
    best = min(values) if criterion in {"ece", "log_loss"} else max(values)
    assert values[note["winner"]] == best
    assert values[0] != values[1]


def test_of_equal_candidates_the_first_wins(library, tmp_path) -> None:
    assert chosen(library, tmp_path, candidates=(WORDS, WORDS))["winner"] == 0


def test_who_learns_the_questions_by_heart_does_not_win(nonsense, tmp_path) -> None:
    note = chosen(nonsense, tmp_path)
    assert all(one["accuracy"] < 0.4 for one in note["candidates"])


def test_a_candidate_over_the_size_limit_is_out(library, tmp_path) -> None:
    sizes = [one["file_bytes"] for one in chosen(library, tmp_path)["candidates"]]
    assert sizes[0] < sizes[1]
    assert chosen(library, tmp_path, max_file_bytes=sizes[1] - 1)["winner"] == 0
    assert chosen(library, tmp_path, max_file_bytes=sizes[1])["winner"] == 1


@pytest.mark.slow
def test_latency_is_measured_where_it_is_limited(library, tmp_path) -> None:
    few = library.at(range(0, 240, 4))
    note = chosen(few, tmp_path, max_p95_ms=60_000)
    assert all(one["p95_ms"] > 0 for one in note["candidates"])
    assert all(one["p95_ms"] is None for one in chosen(few, tmp_path)["candidates"])
    with pytest.raises(ConfigError, match=r"`candidates`: all are over .* bytes, \d+\.\d+ ms"):
        chosen(few, tmp_path, max_p95_ms=1e-9)


def test_limits_that_leave_none_name_what_each_weighs(library, tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"tfidf-reference: \d+ bytes; tfidf: \d+ bytes"):
        chosen(library, tmp_path, max_file_bytes=1)


def test_the_figures_ship_with_the_winner(library, tmp_path) -> None:
    stages = (CascadeStage(router=KeywordRouter()), CascadeStage(router=WORDS))
    cascade = CascadeRouter(stages=stages, network=False)
    config = RouteConfig(router=BestRouter(candidates=(POOR, cascade)))
    router = fit_router(library, config, Resources({}, tmp_path))
    save_router(router, "best", {}, tmp_path / "router")
    note = read_router_file(tmp_path / "router").router.notes["best"]
    assert note == router.notes["best"]
    assert note["kind"] == "cascade"
    assert load_router(tmp_path / "router").notes == router.notes


def write_library(folder, questions) -> dict[str, object]:
    splits: list[Split] = ["train", "validation", "test"]
    for row, split in enumerate(splits):
        for domain in questions.domains:
            (folder / domain).mkdir(parents=True, exist_ok=True)
            examples = [
                Example(id=name, question=text, answer="Yes.", teacher="scripted", passage=group)
                for name, text, label, group in zip(
                    questions.ids, questions.texts, questions.labels, questions.groups, strict=True
                )
                if label == domain and int(group.rsplit("-", 1)[1]) % 3 == row
            ]
            write_records(folder / domain / f"{split}.jsonl", examples)
    return {f"qa/{domain}": folder / domain for domain in questions.domains}


@pytest.mark.slow
def test_test_questions_change_neither_the_choice_nor_the_router(library, tmp_path) -> None:
    inputs = write_library(tmp_path / "library", library)
    config = RouteConfig(router=BestRouter(candidates=GOOD_LAST), ambiguous="unmarked")
    for name in ("one", "two"):
        for part in ("out", "scratch"):
            (tmp_path / name / part).mkdir(parents=True)
        work = Workspace(tmp_path / name / "out", tmp_path / name / "scratch", silent)
        run(inputs, config, work)
        for path in inputs.values():
            test = path / "test.jsonl"
            test.write_text(test.read_text().replace("What is", "Who needs").replace("learn", "hear"))
    one, two = ((tmp_path / name / "out/router.json").read_bytes() for name in ("one", "two"))
    assert one == two
    reports = [(tmp_path / name / "out/predictions.jsonl").read_bytes() for name in ("one", "two")]
    assert reports[0] != reports[1]


def test_only_questions_that_no_candidate_was_fitted_on_count(library, unseen_library, tmp_path) -> None:
    left_out = fit(library, None, WORDS, Resources({}, tmp_path))
    by_heart = fit(library, None, POOR, Resources({}, tmp_path))
    assert by_heart.held_out is None
    asked = library.joined(unseen_library)
    assert unseen_by_all([(left_out, library)], asked).ids == asked.ids
    assert unseen_by_all([(left_out, library), (by_heart, library)], asked).ids == unseen_library.ids
    with pytest.raises(DataError, match="no question was left out by all of its parts"):
        unseen_by_all([(by_heart, library)], library)


def test_left_out_and_new_questions_keep_their_order(library, unseen_library, tmp_path) -> None:
    fitted = fit(library, None, WORDS, Resources({}, tmp_path))
    assert fitted.held_out is not None
    mixed = unseen_library.at([5]).joined(library.at([7, 3])).joined(unseen_library.at([1]))
    found = unseen_scores(fitted, mixed)
    shipped = fitted.scorer.score(mixed.texts).scores
    np.testing.assert_allclose(found.scores[[0, 3]], shipped[[0, 3]], rtol=0, atol=1e-5)
    rows = [fitted.held_out.questions.ids.index(library.ids[row]) for row in (7, 3)]
    np.testing.assert_array_equal(found.scores[[1, 2]], fitted.held_out.scored.scores[rows])
