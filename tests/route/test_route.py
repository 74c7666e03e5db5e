"""Pins the router: what ships is what scikit-learn fitted, scored on passages it never saw, byte for byte.

Also: a damaged router folder and a domain with too few questions each end in one error
that names the place and the remedy.
"""

import json
from dataclasses import replace
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import softmax

from tasks.errors import DataError, UnsupportedError
from tasks.records import Example, Split, write_records
from tasks.route.config import RouteConfig, TfidfReferenceRouter, TfidfRouter
from tasks.route.fit import fit_sklearn
from tasks.route.questions import Questions, plain, read_questions
from tasks.route.run import run
from tasks.route.score import calibration_error, wilson
from tasks.route.tuning import grouped
from tasks.router import load_router
from tasks.workspace import Workspace, silent

WORDS = {
    "anxiety": ["panic attacks", "constant worry", "phobias", "avoidance", "Überforderung", "breathing"],
    "depression": ["low mood", "loss of interest", "sleep", "energy", "hopeless thoughts", "treatment"],
    "ocd": ["intrusive thoughts", "rituals", "exposure", "checking locks", "washing hands", "treatment"],
}
FORMS = [
    "What causes {} in adults?",
    "How are {} treated, and how long does {} last?",
    "Why do people with {} don't ask for help?",
    "Is it 1 of 5 who has {}?",
    "Can {} get better without medicine?",
]
SPLITS: dict[Split, int] = {"train": 3, "validation": 1, "test": 1}


def write_library(folder: Path, domains: list[str]) -> dict[str, Path]:
    """Write a QADataset per domain: three forms of every question to train, one each to the other splits."""
    inputs = {}
    for domain in domains:
        inputs[f"qa/{domain}"] = folder / domain
        (folder / domain).mkdir(parents=True)
        forms = iter(FORMS)
        for split, count in SPLITS.items():
            chosen = [next(forms) for _ in range(count)]
            texts = [form.replace("{}", word) for form, word in product(chosen, WORDS[domain])]
            write_records(
                folder / domain / f"{split}.jsonl",
                [
                    Example(id=f"{domain}-{split}-{place}", question=text, answer="Yes.", teacher="scripted")
                    for place, text in enumerate(texts)
                ],
            )
    return inputs


def workspace(folder: Path) -> Workspace:
    for name in ("out", "scratch"):
        (folder / name).mkdir(parents=True)
    return Workspace(folder / "out", folder / "scratch", silent)


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    return write_library(tmp_path / "library", list(WORDS))


@pytest.mark.parametrize("domains", [["anxiety", "depression"], ["anxiety", "depression", "ocd"]])
@pytest.mark.parametrize(
    "settings", [TfidfReferenceRouter(), TfidfReferenceRouter(ngram_range=(2, 3), min_df=1, C=30)]
)
def test_reader_gives_the_probabilities_of_scikit_learn(tmp_path, domains, settings) -> None:
    inputs = write_library(tmp_path / "library", domains)
    run(inputs, RouteConfig(router=settings), workspace(tmp_path / "work"))
    train = read_questions({name.removeprefix("qa/"): path for name, path in inputs.items()}, "train")
    vectorizer, model, _ = fit_sklearn(train, settings)
    words = [word for group in WORDS.values() for word in group] + ["zzz", "", "a I ?", "STRAẞE don't 3rd_x"]
    questions = [f"{one} {form} {two}" for one, form, two in product(words, FORMS, words[::5])] + ["", "?!"]
    assert len(questions) > 200
    labels, probabilities = load_router(tmp_path / "work" / "out").predict(questions)
    features = vectorizer.transform(questions)
    np.testing.assert_allclose(probabilities, model.predict_proba(features), rtol=0, atol=1e-12)
    assert labels == model.predict(features).tolist()


def test_two_runs_write_the_same_bytes(tmp_path, inputs) -> None:
    for name in ("one", "two"):
        run(inputs, RouteConfig(), workspace(tmp_path / name))
    written = sorted((tmp_path / "one" / "out").iterdir())
    names = ["predictions.jsonl", "report.json", "router.json", "weights.npz"]
    assert [path.name for path in written] == names
    for path in written:
        assert path.read_bytes() == (tmp_path / "two" / "out" / path.name).read_bytes(), path.name


def test_held_out_questions_never_reach_the_weights(tmp_path, inputs) -> None:
    run(inputs, RouteConfig(), workspace(tmp_path / "one"))
    for name in ("validation", "test"):
        path = inputs["qa/ocd"] / f"{name}.jsonl"
        path.write_text(path.read_text().replace("Can ", "May ").replace("Is it", "Do we know it"))
    run(inputs, RouteConfig(), workspace(tmp_path / "two"))
    for name in ("weights.npz", "router.json"):
        assert (tmp_path / "one/out" / name).read_bytes() == (tmp_path / "two/out" / name).read_bytes()


def test_accuracy_is_of_the_test_questions_and_of_the_shipped_weights(tmp_path, inputs) -> None:
    metrics = run(inputs, RouteConfig(), workspace(tmp_path / "work"))
    test = read_questions({name.removeprefix("qa/"): path for name, path in inputs.items()}, "test")
    labels, _ = load_router(tmp_path / "work/out").predict(list(test.texts))
    report = json.loads((tmp_path / "work/out/report.json").read_text())
    assert metrics["accuracy"] == report["accuracy"] == np.mean(np.array(labels) == np.array(test.labels))
    assert np.array(report["confusion"]).sum() == report["questions"] == len(test.texts)
    assert report["accuracy_low"] < report["accuracy"] <= report["accuracy_high"] <= 1


def test_stratified_figure_holds_out_a_fifth_of_each_domain(tmp_path, inputs) -> None:
    metrics = run(inputs, RouteConfig(), workspace(tmp_path / "work"))
    figures = json.loads((tmp_path / "work/out/report.json").read_text())["stratified_8020"]
    assert [row["support"] for row in figures["report"].values()] == [6, 6, 6]
    assert metrics["accuracy_8020"] == figures["accuracy"]


@pytest.mark.filterwarnings("error")
def test_one_domain_gets_a_constant_router_and_a_note(tmp_path) -> None:
    inputs = write_library(tmp_path / "library", ["ocd"])
    run(inputs, RouteConfig(), workspace(tmp_path / "work"))
    labels, probabilities = load_router(tmp_path / "work/out").predict(["anything", ""])
    assert labels == ["ocd", "ocd"]
    assert probabilities.tolist() == [[1.0], [1.0]]
    assert "one domain" in json.loads((tmp_path / "work/out/report.json").read_text())["note"]


def test_too_few_questions_name_domain_and_count(tmp_path, inputs) -> None:
    for split in SPLITS:
        path = inputs["qa/ocd"] / f"{split}.jsonl"
        path.write_text(path.read_text().split("\n")[0])
    with pytest.raises(DataError, match=r"domain ocd: 3 questions, .* at least 5"):
        run(inputs, RouteConfig(), workspace(tmp_path / "work"))


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_empty_split_names_domain_and_file(tmp_path, inputs, split) -> None:
    (inputs["qa/ocd"] / f"{split}.jsonl").write_text("")
    with pytest.raises(DataError, match=rf"{split}\.jsonl: domain ocd has no {split} questions"):
        run(inputs, RouteConfig(), workspace(tmp_path / "work"))


def test_questions_without_common_words_are_refused(tmp_path, inputs) -> None:
    config = RouteConfig(router=TfidfReferenceRouter(min_df=1000))
    with pytest.raises(DataError, match="lower `min_df`"):
        run(inputs, config, workspace(tmp_path / "work"))


@pytest.mark.parametrize("name", ["weights.npz", "router.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_a_damaged_router_names_its_file(tmp_path, inputs, name, damage) -> None:
    run(inputs, RouteConfig(), workspace(tmp_path / "work"))
    path = tmp_path / "work/out" / name
    match damage:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        case "other":
            path.write_text("{}")
    with pytest.raises(DataError, match=rf"{name}.*run the route stage again"):
        load_router(tmp_path / "work/out")


def name_weights(folder: Path) -> None:
    """Write the digest of the weights into router.json, as whoever forges both files would."""
    stored = json.loads((folder / "router.json").read_text())
    stored["weights_sha256"] = sha256((folder / "weights.npz").read_bytes()).hexdigest()
    (folder / "router.json").write_text(json.dumps(stored))


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_inside_the_weights_is_not_run(tmp_path, inputs) -> None:
    run(inputs, RouteConfig(), workspace(tmp_path / "work"))
    payload = np.array([Payload(tmp_path / "run")])
    np.savez(tmp_path / "work/out/weights.npz", coef=payload, intercept=[0.0], idf=[0.0])
    name_weights(tmp_path / "work/out")
    with pytest.raises(DataError, match="not a router's weights"):
        load_router(tmp_path / "work/out")
    assert not (tmp_path / "run").exists()


def test_weights_of_another_router_are_refused(tmp_path, inputs) -> None:
    run(inputs, RouteConfig(), workspace(tmp_path / "one"))
    run(inputs, RouteConfig(router=TfidfReferenceRouter(max_features=20)), workspace(tmp_path / "two"))
    (tmp_path / "two/out/weights.npz").rename(tmp_path / "one/out/weights.npz")
    with pytest.raises(DataError, match="SHA-256 differs"):
        load_router(tmp_path / "one/out")
    name_weights(tmp_path / "one/out")
    with pytest.raises(DataError, match="shape"):
        load_router(tmp_path / "one/out")


@pytest.mark.parametrize("domains", [["anxiety", "depression"], ["anxiety", "depression", "ocd"]])
@pytest.mark.parametrize("settings", [TfidfRouter(), TfidfRouter(char_ngrams=(3, 7), min_df=1, C=(0.5,))])
def test_reader_gives_the_scores_of_the_calibrated_machine(tmp_path, domains, settings) -> None:
    inputs = write_library(tmp_path / "library", domains)
    run(inputs, RouteConfig(router=settings), workspace(tmp_path / "work"))
    train = read_questions({name.removeprefix("qa/"): path for name, path in inputs.items()}, "train")
    features, model, scale = fit_sklearn(train, settings)
    words = [word for group in WORDS.values() for word in group] + ["zzz", "", "a I ?", "STRAẞE don't 3rd_x"]
    questions = [f"{one} {form}  {two}" for one, form, two in product(words, FORMS, words[::5])] + ["", "?!"]
    margins = model.decision_function(features.transform(questions))
    margins = margins if margins.ndim > 1 else np.column_stack([-margins, margins])
    labels, probabilities = load_router(tmp_path / "work" / "out").predict(questions)
    np.testing.assert_allclose(probabilities, softmax(scale * margins, axis=1), rtol=0, atol=1e-5)
    assert labels == [model.classes_[best] for best in margins.argmax(axis=1)]


def in_passages(questions: Questions, passages: int) -> Questions:
    groups = tuple(f"{label}-{at % passages}" for at, label in enumerate(questions.labels))
    return replace(questions, groups=groups)


def test_passages_are_left_out_as_a_whole(inputs) -> None:
    train = read_questions({name.removeprefix("qa/"): path for name, path in inputs.items()}, "train")
    one = replace(train, texts=tuple(f"{label} {at % 2}" for at, label in enumerate(train.labels)))
    assert grouped(in_passages(one, 2), 3) == (in_passages(one, 2).groups, 2)
    assert grouped(in_passages(one, 9), 3) == (in_passages(one, 9).groups, 3)


def test_of_one_passage_equal_questions_are_left_out_together(inputs, caplog) -> None:
    train = read_questions({name.removeprefix("qa/"): path for name, path in inputs.items()}, "train")
    groups, folds = grouped(in_passages(train, 1), 3)
    assert groups == tuple(map(plain, train.texts))
    assert folds == 3
    assert "confidence may be too high" in caplog.text


def test_calibration_error_is_the_mean_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.55, 0.55])
    correct = np.array([True, True, True, False, False, True])
    assert calibration_error(confidence, correct) == pytest.approx((4 * 0.15 + 2 * 0.05) / 6)


@pytest.mark.parametrize(
    "router",
    [
        {"kind": "semantic", "descriptions": {"code": "Programming.", "poetry": "Verse."}},
        {"kind": "encoder"},
        {"kind": "cascade", "stages": [{"router": {"kind": "tfidf"}}, {"router": {"kind": "encoder"}}]},
    ],
)
def test_kinds_not_built_validate_and_are_refused_by_name(tmp_path, inputs, router) -> None:
    config = RouteConfig.model_validate({"router": router})
    assert config.refusals() == [f"`router.kind`: {router['kind']} is not built yet; use tfidf meanwhile"]
    with pytest.raises(UnsupportedError, match="use tfidf"):
        run(inputs, config, workspace(tmp_path / "work"))


@pytest.mark.parametrize(
    "value", [{"word_ngrams": [2, 1]}, {"char_ngrams": [0, 1]}, {"C": [0]}, {"C": []}, {"min_dff": 2}]
)
def test_bad_settings_do_not_validate(value) -> None:
    with pytest.raises(ValidationError):
        RouteConfig.model_validate({"router": {"kind": "tfidf", **value}})
    assert RouteConfig().refusals() == []


def test_wilson_interval_matches_published_values() -> None:
    # Newcombe (1998), method 3: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
