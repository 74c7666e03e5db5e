"""Pins that a question which leaves no room for its answer is left out and named, and ends nothing."""

from pathlib import Path

import pytest

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.questions import Question, read_questions
from tasks.evaluate.run import run
from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, Workspace
from tasks.records.dataset import Example
from tasks.records.evaluation import read_answers, read_evaluation
from tasks.records.files import append_records, write_records

CONFIG = EvaluateConfig(max_new_tokens=6, latency_prompts=1, bootstrap_samples=200, max_length=120)


def example(number: int, words: int) -> Example:
    text = "why " * words
    return Example(id=f"long-{number}", question=f"{text}?", answer="It is so.", teacher="dataset")


@pytest.mark.models
def test_one_too_long_question_is_left_out_and_named(inputs: Inputs, workspace: Workspace) -> None:
    append_records(inputs["qa/alpha"] / "test.jsonl", [example(0, 400)])
    run(inputs, CONFIG, workspace)
    report = read_evaluation(workspace.out)
    assert {name: part.questions for name, part in report.domains.items()} == {"alpha": 3, "beta": 3}
    assert report.warnings[0] == (
        "alpha: left out 1 held-out question (long-0) longer than `max_length`, 120 tokens; raise it to"
        " measure them"
    )
    assert "long-0" not in {answer.id for answer in read_answers(workspace.out)}


@pytest.mark.models
def test_a_domain_of_too_long_questions_is_refused_by_name(inputs: Inputs, workspace: Workspace) -> None:
    write_records(inputs["qa/alpha"] / "test.jsonl", [example(number, 400) for number in range(4)])
    with pytest.raises(DataError, match=r"each of the 4 held-out questions of domain alpha .*raise it"):
        run(inputs, CONFIG, workspace)


def fits(question: Question) -> bool:
    return len(question.text) < 30


def test_as_many_questions_as_asked_for_are_drawn_from_those_that_fit(tmp_path: Path) -> None:
    write_records(tmp_path / "test.jsonl", [example(number, 1 + 9 * (number % 2)) for number in range(20)])
    found = read_questions({"alpha": tmp_path}, 10, 42, fits)
    assert [question.id for question in found.questions] == [f"long-{number}" for number in range(0, 20, 2)]
    assert len(found.too_long) == 10


def test_where_all_fit_the_same_are_drawn_as_ever(tmp_path: Path) -> None:
    write_records(tmp_path / "test.jsonl", [example(number, 1) for number in range(20)])
    found = read_questions({"alpha": tmp_path}, 4, 42, fits)
    assert [question.id for question in found.questions] == ["long-0", "long-3", "long-7", "long-8"]
    assert found.too_long == []
