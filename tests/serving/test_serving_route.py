"""Bulk routing: every line comes back with its domain, and a bad line is named and loses nothing."""

import json
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from serving.route import BATCH, route_lines
from tasks.errors import DataError
from tasks.ngrams import Ngrams
from tasks.router import Router

ROUTER = Router(
    labels=("anxiety", "ocd"),
    blocks=(Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=("panic", "rituals")),),
    coef=np.array([[3.0, -3.0], [-3.0, 3.0]]),
    intercept=np.zeros(2),
    idf=np.ones(2),
)


def routed(*lines: str, **options: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in route_lines(lines, ROUTER, **options)]


def test_domain_and_probabilities_are_added_to_the_object() -> None:
    [row] = routed('{"id": 7, "question": "Why rituals?"}\n')
    assert row == {
        "id": 7,
        "question": "Why rituals?",
        "domain": "ocd",
        "probabilities": {"anxiety": 0.0025, "ocd": 0.9975},
    }


def test_another_field_may_hold_the_question() -> None:
    assert routed('{"text": "panic"}', field="text")[0]["domain"] == "anxiety"


def test_empty_lines_and_a_byte_order_mark_are_no_questions() -> None:
    assert len(routed('\ufeff{"question": "panic"}', "", " \n")) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('"panic"', "not a JSON object"),
        ('{"text": "panic"}', "`question` is missing"),
        ('{"question": " "}', "`question` is missing, empty"),
        ('{"question": 3}', "no text"),
    ],
)
def test_a_malformed_line_is_named(line: str, reason: str) -> None:
    with pytest.raises(DataError, match=f"questions.jsonl:2: .*{reason}"):
        routed('{"question": "panic"}', line, source="questions.jsonl")


def test_what_comes_before_a_malformed_line_is_not_lost() -> None:
    results = route_lines(['{"question": "panic"}', "{"], ROUTER)
    assert json.loads(next(results))["domain"] == "anxiety"
    with pytest.raises(DataError):
        next(results)


def test_text_that_is_not_utf8_is_a_data_error() -> None:
    def lines() -> Iterator[str]:
        yield '{"question": "panic"}'
        yield b"\xff".decode()

    with pytest.raises(DataError, match="after line 1: not UTF-8"):
        list(route_lines(lines(), ROUTER))


def test_lines_are_read_no_further_than_a_batch_ahead() -> None:
    taken = 0

    def many() -> Iterator[str]:
        nonlocal taken
        for _ in range(4 * BATCH):
            taken += 1
            yield '{"question": "panic"}'

    assert len(list(islice(route_lines(many(), ROUTER), BATCH + 1))) == BATCH + 1
    assert taken == 2 * BATCH


def test_characters_are_written_as_the_line_writes_them() -> None:
    lines = ['{"question": "Größe"}', r'{"question": "Gr\u00f6\u00dfe \ud800"}']
    plain, escaped = route_lines(lines, ROUTER)
    assert "Größe" in plain
    assert r"Gr\u00f6\u00dfe \ud800" in escaped
