"""Pins the stage: what ships is what was scored, on passages it never saw, byte for byte.

Also: data that no router can be trained on ends in one error that names the place and the remedy.
"""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from route_library import FAST, FORMS, SPLITS, WORDS, questions_of, run_in, write_library
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from tasks.kernel.errors import ConfigError, DataError, StageError
from tasks.route.confidence.calibration import with_confidence
from tasks.route.config import RouteConfig
from tasks.route.kinds.tfidf import fit_linear, fit_reference
from tasks.route.kinds.tuning import grouped
from tasks.route.measure.labelled_questions import Questions, plain
from tasks.route.measure.score import calibration_error
from tasks.route.single_config import TfidfReferenceRouter
from tasks.router_runtime.router_files import load_router


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> dict[str, Path]:
    return write_library(tmp_path_factory.mktemp("library"), list(WORDS))


@pytest.fixture(scope="module")
def trained(tmp_path_factory, inputs) -> tuple[Path, dict[str, float], dict]:
    """The folder, the metrics and the report of one run."""
    folder = tmp_path_factory.mktemp("trained")
    metrics = run_in(folder, inputs)
    return folder / "out", metrics, json.loads((folder / "out/report.json").read_text())


def probing() -> list[str]:
    """Questions with what tokenizers differ in."""
    words = [word for group in WORDS.values() for word in group] + ["zzz", "", "a I ?", "STRAẞE don't 3rd_x"]
    return [f"{one} {form}  {two}" for one, form, two in product(words, FORMS, words[::5])] + ["", "?!"]


@pytest.mark.parametrize("domains", [["anxiety", "depression"], ["anxiety", "depression", "ocd"]])
@pytest.mark.parametrize(
    "settings", [TfidfReferenceRouter(), TfidfReferenceRouter(ngram_range=(2, 3), min_df=1, C=30)]
)
def test_the_reference_gives_the_probabilities_of_scikit_learn(tmp_path, domains, settings) -> None:
    train = questions_of(write_library(tmp_path / "library", domains), "train")
    vectorizer, model = fit_reference(train, settings)
    assert len(probing()) > 200
    router = with_confidence(fit_linear(train, settings), RouteConfig(router=settings), ())
    labels, probabilities = router.predict(probing())
    features = vectorizer.transform(probing())
    np.testing.assert_allclose(probabilities, model.predict_proba(features), rtol=0, atol=1e-12)
    assert labels == model.predict(features).tolist()


@pytest.mark.parametrize("domains", [["anxiety", "depression"], ["anxiety", "depression", "ocd"]])
@pytest.mark.parametrize("change", [{}, {"char_ngrams": (3, 7), "min_df": 1}])
def test_a_machine_alone_gives_the_calibrated_margins_of_scikit_learn(tmp_path, domains, change) -> None:
    settings = FAST.model_copy(update={"naive_bayes": 0.0, **change})
    train = questions_of(write_library(tmp_path / "library", domains), "train")
    features = make_union(
        TfidfVectorizer(ngram_range=settings.word_ngrams, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"),
        TfidfVectorizer(
            analyzer="char_wb", ngram_range=settings.char_ngrams, min_df=settings.min_df, sublinear_tf=True
        ),
    )
    machine = LinearSVC(C=1.0, random_state=42).fit(features.fit_transform(train.texts), train.labels)
    margins = machine.decision_function(features.transform(probing()))
    margins = margins if margins.ndim > 1 else np.column_stack([-margins, margins])
    router = with_confidence(fit_linear(train, settings), RouteConfig(router=settings), ())
    labels, probabilities = router.predict(probing())
    expected = softmax(router.calibration.scale * margins, axis=1)
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-5)
    assert labels == machine.classes_[margins.argmax(axis=1)].tolist()


def test_two_runs_write_the_same_bytes(tmp_path, inputs, trained) -> None:
    run_in(tmp_path, inputs)
    written = sorted(trained[0].iterdir())
    names = ["predictions.jsonl", "report.json", "router.json", "weights.npz"]
    assert [path.name for path in written] == names
    for path in written:
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes(), path.name


@pytest.mark.slow
def test_held_out_questions_never_reach_the_weights(tmp_path, trained) -> None:
    inputs = write_library(tmp_path / "library", list(WORDS))
    for name in ("validation", "test"):
        path = inputs["qa/ocd"] / f"{name}.jsonl"
        path.write_text(path.read_text().replace("Can ", "May ").replace("Is it", "Do we know it"))
    run_in(tmp_path / "two", inputs)
    for name in ("weights.npz", "router.json"):
        assert (trained[0] / name).read_bytes() == (tmp_path / "two/out" / name).read_bytes()


def test_accuracy_is_of_the_test_questions_and_of_the_shipped_weights(inputs, trained) -> None:
    folder, metrics, report = trained
    test = questions_of(inputs, "test")
    labels, _ = load_router(folder).predict(list(test.texts))
    assert metrics["accuracy"] == report["accuracy"] == np.mean(np.array(labels) == np.array(test.labels))
    assert np.array(report["confusion"]).sum() == report["questions"] == len(test.texts)
    assert report["accuracy_low"] < report["accuracy"] <= report["accuracy_high"] <= 1


def test_stratified_figure_holds_out_a_fifth_of_each_domain(trained) -> None:
    _, metrics, report = trained
    figures = report["stratified_8020"]
    assert [row["support"] for row in figures["report"].values()] == [6, 6, 6]
    assert metrics["accuracy_8020"] == figures["accuracy"] == report["splits"]["leaky_8020"]["accuracy"]


@pytest.mark.filterwarnings("error")
def test_one_domain_gets_a_constant_router_and_a_note(tmp_path) -> None:
    inputs = write_library(tmp_path / "library", ["ocd"])
    run_in(tmp_path / "work", inputs)
    labels, probabilities = load_router(tmp_path / "work/out").predict(["anything", ""])
    assert labels == ["ocd", "ocd"]
    assert probabilities.tolist() == [[1.0], [1.0]]
    assert "one domain" in json.loads((tmp_path / "work/out/report.json").read_text())["note"]


def test_too_few_questions_name_domain_and_count(tmp_path) -> None:
    inputs = write_library(tmp_path / "library", list(WORDS))
    for split in SPLITS:
        path = inputs["qa/ocd"] / f"{split}.jsonl"
        path.write_text(path.read_text().split("\n")[0])
    with pytest.raises(DataError, match=r"domain ocd: 3 questions, .* at least 5"):
        run_in(tmp_path / "work", inputs)


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_empty_split_names_domain_and_file(tmp_path, split) -> None:
    inputs = write_library(tmp_path / "library", list(WORDS))
    (inputs["qa/ocd"] / f"{split}.jsonl").write_text("")
    with pytest.raises(DataError, match=rf"{split}\.jsonl: domain ocd has no {split} questions"):
        run_in(tmp_path / "work", inputs)


def test_questions_without_common_words_are_refused(tmp_path, inputs) -> None:
    config = RouteConfig(router=TfidfReferenceRouter(min_df=1000))
    with pytest.raises(DataError, match="lower `min_df`"):
        run_in(tmp_path / "work", inputs, config)


def test_a_missed_bar_fails_the_stage_and_leaves_no_router(tmp_path, inputs) -> None:
    config = RouteConfig(router=FAST, suites={"mixed": 1.0})
    with pytest.raises(StageError, match=r"suites\.mixed: .* under the bar of 100"):
        run_in(tmp_path, inputs, config)
    assert not list((tmp_path / "out").iterdir())


def in_passages(questions: Questions, passages: int) -> Questions:
    groups = tuple(f"{label}-{at % passages}" for at, label in enumerate(questions.labels))
    return replace(questions, groups=groups)


def test_passages_are_left_out_as_a_whole(inputs) -> None:
    train = questions_of(inputs, "train")
    one = replace(train, texts=tuple(f"{label} {at % 2}" for at, label in enumerate(train.labels)))
    assert grouped(in_passages(one, 2), 3) == (in_passages(one, 2).groups, 2)
    assert grouped(in_passages(one, 9), 3) == (in_passages(one, 9).groups, 3)


def test_of_one_passage_equal_questions_are_left_out_together(inputs, caplog) -> None:
    train = questions_of(inputs, "train")
    groups, folds = grouped(in_passages(train, 1), 3)
    assert groups == tuple(map(plain, train.texts))
    assert folds == 3
    assert "confidence may be too high" in caplog.text


def test_calibration_error_is_the_mean_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.55, 0.55])
    correct = np.array([True, True, True, False, False, True])
    assert calibration_error(confidence, correct) == pytest.approx((4 * 0.15 + 2 * 0.05) / 6)


@pytest.mark.parametrize(
    "value", [{"word_ngrams": [2, 1]}, {"char_ngrams": [0, 1]}, {"C": [0]}, {"C": []}, {"min_dff": 2}]
)
def test_bad_settings_do_not_validate(value) -> None:
    with pytest.raises(ValidationError):
        RouteConfig.model_validate({"router": {"kind": "tfidf", **value}})
    assert RouteConfig().refusals() == []


@pytest.mark.parametrize("target", ["max_misrouted", "max_false_rejections"])
def test_targets_that_the_reference_cannot_meet_are_refused_before_and_after_fitting(inputs, target) -> None:
    with pytest.raises(ValidationError, match=r"another `router\.kind`"):
        RouteConfig.model_validate({"router": {"kind": "tfidf-reference"}, target: 0.02})
    fitted = fit_linear(questions_of(inputs, "train"), TfidfReferenceRouter())
    with pytest.raises(ConfigError, match=rf"route\.{target}: .* no held-out scores"):
        with_confidence(fitted, RouteConfig.model_validate({target: 0.02}), ())
