"""Pins CodeBLEU: 1 for the reference, 0 for nothing, what cannot be measured left out and not counted."""

import logging
import time

import pytest

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import CodeBleu
from tasks.evaluate.metrics.code_similarity import codebleu

pytestmark = pytest.mark.slow
ADD = "def add(a, b):\n    total = a + b\n    return total\n"


def score(answer: str, reference: str = ADD) -> float:
    found = codebleu(CodeBleu()).score([answer], [Question("code", "1", "add", reference)])["codebleu"]
    assert isinstance(found, list)
    return found[0]


def test_the_reference_has_all_of_it_with_and_without_a_fence() -> None:
    assert score(ADD) == pytest.approx(1)
    assert score(f"So:\n```python\n{ADD}```") == pytest.approx(1)


def test_other_names_resemble_and_other_text_does_not() -> None:
    renamed = score(ADD.replace("total", "s"))
    assert 0.5 < renamed < 1
    assert renamed > score("def add(a, b):\n    while a: b += 1\n") > score("I cannot say") == score("") == 0


def test_a_reference_without_data_flow_is_scored_by_the_other_parts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert score("print(1, 2, 3, 4)", "print(1, 2, 3, 4)") > 0.95
        assert score("", "print(1, 2, 3, 4)") == 0
    assert not [record for record in caplog.records if "data-flow" in record.getMessage()]


@pytest.mark.parametrize("answer", ["(" * 9000, "[" * 9000 + "]" * 9000, "x = " + "-" * 9000 + "1", "\0"])
def test_an_answer_that_is_no_program_ends_nothing(answer: str) -> None:
    start = time.monotonic()
    assert 0 <= score(answer) < 0.5
    assert time.monotonic() - start < 10
