"""Pins ambiguous questions: nearer to another domain's passages than to their own, told and left out.

Training questions are compared with training passages alone, and the accuracy that leads is of all questions.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from told_library import SUBJECTS, TEST, TINY, TRAIN, marking, run_told, sentences, write_told

from tasks.kernel.workspace import domain_inputs
from tasks.records.router import read_router_report
from tasks.route.config import RouteConfig
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.material.ambiguous import marked
from tasks.route.material.sources import read_sources
from tasks.route.material.teaching import Material, material
from tasks.route.measure.labelled_questions import read_questions

ODD = ("baking", TRAIN, sentences("sailing", TRAIN)[0])
"""A question of baking that a training passage of sailing answers word for word."""
ODD_TEST = ("sailing", TEST, sentences("baking", TEST)[1])


def made(tmp_path: Path, inputs: dict[str, Path], ambiguous: str = "left_out") -> Material:
    folders = domain_inputs(inputs, "qa")
    sides = {split: read_questions(folders, split) for split in ("train", "validation", "test")}
    resources = Resources({TINY: TINY.folder()}, tmp_path)
    return material(sides, inputs, marking(ambiguous=ambiguous), resources)


def left_out(found: Material) -> list[str]:
    asked_alone = np.flatnonzero(found.taught.of_use("held_out"))
    return [found.taught.texts[row] for row in asked_alone]


def test_what_another_domains_passage_says_is_ambiguous_and_left_out_of_training(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library", [ODD, ODD_TEST])
    found = made(tmp_path, inputs)
    assert left_out(found) == [ODD[2]]
    assert found.ambiguous is not None
    counts = {name: one.model_dump() for name, one in found.ambiguous.domains.items()}
    assert counts == {
        "baking": {"train": 1, "left_out": 1, "validation": 0, "test": 0},
        "sailing": {"train": 0, "left_out": 0, "validation": 0, "test": 1},
    }
    assert found.ambiguous.compared_with == "passages"
    assert left_out(made(tmp_path, inputs, "kept")) == []


def test_held_out_passages_tell_nothing_of_training_questions(tmp_path: Path) -> None:
    odd = [("baking", TRAIN, sentences("sailing", TEST)[0]), ("baking", TEST, sentences("sailing", TEST)[1])]
    found = made(tmp_path, write_told(tmp_path / "library", odd))
    assert left_out(found) == []
    assert found.ambiguous is not None
    assert found.ambiguous.domains["baking"].train == 0
    assert found.ambiguous.domains["baking"].test == 1


def test_a_held_out_question_is_compared_with_its_own_passage_too(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library")
    found = made(tmp_path, inputs)
    assert found.test is not None
    assert not found.test.any()


def test_what_two_domains_say_alike_is_not_nearer_to_the_other(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library")
    for domain in SUBJECTS:
        path = inputs[f"corpus/{domain}"] / "passages.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        rows[TRAIN]["text"] += "\n\nAll of this takes more time than people think."
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    odd = {name: inputs[f"qa/{name}"] / "train.jsonl" for name in SUBJECTS}
    for file in odd.values():
        first = json.loads(file.read_text().splitlines()[0])
        first |= {"id": "both", "question": "All of this takes more time than people think."}
        file.write_text(file.read_text() + json.dumps(first) + "\n")
    assert left_out(made(tmp_path, inputs)) == []


def test_of_ready_made_data_sets_answers_stand_in_for_passages(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library", [ODD], passages=False)
    found = made(tmp_path, inputs)
    assert left_out(found) == [ODD[2]]
    assert found.ambiguous is not None
    assert found.ambiguous.compared_with == "answers"
    without = {name: path for name, path in inputs.items() if name.startswith("qa/")}
    again = made(tmp_path, without)
    assert (again.taught, again.ambiguous) == (found.taught, found.ambiguous)


def test_a_domain_that_overlaps_with_others_keeps_its_questions(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said = [text for place in range(4) for text in sentences("sailing", place)]
    odd = [("baking", TRAIN, text) for text in (*said, *(f"{text} Why?" for text in said[:2]))]
    found = made(tmp_path, write_told(tmp_path / "library", odd))
    assert left_out(found) == []
    assert found.ambiguous is not None
    assert found.ambiguous.domains["baking"].train >= 16
    assert "the domain overlaps with others" in caplog.text


def test_one_domain_has_no_ambiguous_question(tmp_path: Path) -> None:
    folders = domain_inputs(write_told(tmp_path / "library", [ODD]), "qa")
    alone = {"baking": folders["baking"]}
    sides = {"train": read_questions(alone, "train")}
    marks = marked(sides, read_sources(alone, {}), lambda texts: np.eye(len(texts)))
    assert not marks["train"].any()


def test_the_accuracy_that_leads_is_that_of_all_questions(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library", [ODD, ODD_TEST])
    metrics = run_told(tmp_path / "run", inputs, marking(ambiguous="left_out"))
    report = read_router_report(tmp_path / "run/out")
    clear, unclear = report.splits["unambiguous"], report.splits["ambiguous"]
    assert (report.questions, clear.questions, unclear.questions) == (9, 8, 1)
    right = clear.accuracy * clear.questions + unclear.accuracy * unclear.questions
    assert report.accuracy == pytest.approx(right / report.questions)
    assert clear.accuracy_low is not None
    assert clear.accuracy_low < clear.accuracy
    assert metrics["accuracy"] == report.accuracy
    assert metrics["accuracy_unambiguous"] == clear.accuracy
    assert (metrics["ambiguous"], metrics["ambiguous_left_out"]) == (2, 1)
    assert (metrics["ambiguous.baking"], metrics["ambiguous.sailing"]) == (1, 1)


def test_nothing_is_said_where_it_was_not_looked_for(tmp_path: Path) -> None:
    inputs = write_told(tmp_path / "library", [ODD])
    metrics = run_told(tmp_path / "run", inputs, marking(ambiguous="unmarked"))
    report = read_router_report(tmp_path / "run/out")
    assert report.ambiguous is None
    assert "unambiguous" not in report.splits
    assert not [name for name in metrics if "ambiguous" in name]


def test_a_question_that_is_left_out_changes_no_weight_and_equal_runs_are_equal(tmp_path: Path) -> None:
    with_odd, without = (write_told(tmp_path / name, odd) for name, odd in (("odd", [ODD]), ("plain", [])))
    for name, inputs, ambiguous in (
        ("one", with_odd, "left_out"),
        ("two", with_odd, "left_out"),
        ("kept", with_odd, "kept"),
        ("plain", without, "kept"),
    ):
        run_told(tmp_path / name, inputs, marking(ambiguous=ambiguous))
    weights = {name: dict(np.load(tmp_path / name / "out/weights.npz")) for name in ("one", "kept", "plain")}
    for name, array in weights["plain"].items():
        np.testing.assert_array_equal(weights["one"][name], array)
    assert any(
        array.shape != weights["kept"][name].shape or not np.array_equal(weights["kept"][name], array)
        for name, array in weights["plain"].items()
    )
    for file in ("router.json", "report.json", "predictions.jsonl", "weights.npz"):
        assert (tmp_path / "one/out" / file).read_bytes() == (tmp_path / "two/out" / file).read_bytes()


def test_what_could_be_asked_elsewhere_is_left_out_by_default() -> None:
    assert RouteConfig().ambiguous == "left_out"
