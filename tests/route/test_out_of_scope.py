"""Pins questions of no domain: every form of file, one error for a bad one, what the stage claims of them."""

import json
from pathlib import Path

import pytest
from route_library import FAST, WORDS, run_in, write_library

from flows.config import OutOfScope
from tasks.kernel.errors import DataError
from tasks.route.confidence.out_of_scope import read_out_of_scope, without_repeated
from tasks.route.config import RouteConfig
from tasks.route.task import train_router


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"question": "What is rye?", "domain": "oos"}\n\n"Who won?"\n{"question": "who WON"}\n'),
        ("a.json", '[{"question": "What is rye?"}, "who WON"]'),
        ("a.txt", "\ufeffWhat is rye?\n \nwho WON\n"),
    ],
)
def test_every_form_of_file_gives_each_question_once(tmp_path, name, content) -> None:
    (tmp_path / name).write_text(content)
    assert read_out_of_scope(tmp_path / name, "train") == ("What is rye?", "who WON")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'"fine"\n{"question": ', r"out_of_scope\.test: .*a\.jsonl:2: not JSON"),
        ("a.jsonl", b'{"text": "fine"}', r"a\.jsonl:1: no text in `question`"),
        ("a.json", b'{"question": "fine"}', r"a\.json: not a JSON list"),
        ("a.json", b'["fine", 3]', r"a\.json: row 2: no text"),
        ("a.txt", b"\xff\xfe", r"a\.txt cannot be read as UTF-8"),
        ("a.txt", b"\n \n", r"a\.txt holds no question; give JSON lines"),
    ],
)
def test_a_bad_file_names_its_place_and_the_remedy(tmp_path, name, content, message) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_out_of_scope(tmp_path / name, "test")


def test_examples_that_are_test_questions_too_are_left_out(caplog) -> None:
    assert without_repeated(["One?", "Two?"], ["ONE"]) == ("Two?",)
    assert "1 questions are in out_of_scope.test too" in caplog.text


def test_files_enter_the_key_of_the_stage(tmp_path) -> None:
    files = OutOfScope(train=tmp_path / "a.txt").files()
    job = train_router.describe({}, RouteConfig(), files)
    assert job.sources == {"out-of-scope/train": tmp_path / "a.txt"}
    assert train_router.describe({}, RouteConfig()).sources == {}


def write(path: Path, starts: list[str]) -> Path:
    things = ["water the garden", "boil an egg", "paint my kitchen", "feed those cats", "wash the car"]
    path.write_text("\n".join(f"{start} {thing} before dinner" for start in starts for thing in things))
    return path


@pytest.mark.slow
def test_the_report_tells_the_figures_of_out_of_scope_questions_and_claims_nothing_without_any(
    tmp_path,
) -> None:
    inputs = write_library(tmp_path / "library", list(WORDS))
    run_in(tmp_path / "without", inputs)
    report = json.loads((tmp_path / "without/out/report.json").read_text())
    assert report["out_of_scope"] is None
    assert "nothing is claimed" in report["out_of_scope_note"]
    inputs["out-of-scope/train"] = write(tmp_path / "train.txt", ["Please", "Will you", "Must I"])
    inputs["out-of-scope/test"] = write(tmp_path / "test.txt", ["Let us", "Never"])
    metrics = run_in(tmp_path / "with", inputs, RouteConfig(router=FAST, max_false_rejections=0.1))
    report = json.loads((tmp_path / "with/out/report.json").read_text())
    found = report["out_of_scope"]
    assert found["questions"] == 10
    assert found["learned_from"] == "in-scope questions and 15 out-of-scope examples"
    assert metrics["out_of_scope_auroc"] == found["auroc"] > 0.9
    assert found["chosen"]["loss"] == report["operating"]["rejected"]
    assert report["out_of_scope_note"] == ""
