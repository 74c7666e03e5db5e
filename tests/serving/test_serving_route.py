"""Bulk routing: every line comes back with its domain, and a bad line is named and loses nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from serving.route import BATCH, EXPLAINED_BATCH, route_lines
from tasks.kernel.errors import DataError
from tasks.router_runtime.composite import CascadeScorer, Handover
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.policy import Policy
from tasks.router_runtime.router import Router

ROUTER = Router(
    ("anxiety", "ocd"),
    LinearScorer(
        blocks=(Ngrams(analyzer="word", ngram_range=(1, 1), vocabulary=("panic", "rituals")),),
        coef=np.array([[3.0, -3.0], [-3.0, 3.0]]),
        intercept=np.zeros(2),
        idf=np.ones(2),
    ),
)


def routed(
    *lines: str, router: Router = ROUTER, explained: bool = False, **names: str
) -> list[dict[str, object]]:
    return [json.loads(line) for line in route_lines(lines, router, **names, explained=explained)]


def test_who_answers_and_how_surely_is_added_to_the_object() -> None:
    [row] = routed('{"id": 7, "question": "Why rituals?"}\n')
    assert row == {
        "id": 7,
        "question": "Why rituals?",
        "domain": "ocd",
        "probabilities": {"anxiety": 0.0025, "ocd": 0.9975},
        "outcome": "expert",
        "experts": [{"domain": "ocd", "weight": 1.0}],
        "confidence": 0.9975,
        "in_scope": 1.0,
    }


def test_several_experts_come_with_weights_that_add_up_to_one() -> None:
    [row] = routed('{"question": "rituals"}', router=replace(ROUTER, policy=Policy(top_k=2)))
    assert row["experts"] == [{"domain": "ocd", "weight": 0.9975}, {"domain": "anxiety", "weight": 0.0025}]


def test_an_unsure_router_says_so_and_still_names_the_domain() -> None:
    [row] = routed('{"question": "Why?"}', router=replace(ROUTER, policy=Policy(min_confidence=0.6)))
    assert (row["outcome"], row["domain"], row["confidence"]) == ("generalist", "anxiety", 0.5)


def test_an_explanation_is_there_on_request_and_counts_no_batch_twice() -> None:
    lines = ['{"question": "rituals against panic attacks"}'] * (EXPLAINED_BATCH + 1)
    rows = routed(*lines, explained=True)
    assert len(rows) == len(lines)
    assert rows[0] == rows[-1]
    found = rows[0]["explanation"]
    assert isinstance(found, dict)
    assert [word["word"] for word in found["words"]] == ["rituals", "panic", "against", "attacks"]
    assert (found["nearest"], found["stages"]) == ([], [])


def test_an_explanation_tells_what_the_stages_of_a_cascade_say() -> None:
    cascade = CascadeScorer(ROUTER.labels, (ROUTER, ROUTER), Handover((0.9,), None), ("fast", "slow"))
    [row] = routed('{"question": "Why?"}', router=replace(ROUTER, scorer=cascade), explained=True)
    assert isinstance(row["explanation"], dict)
    assert row["explanation"]["stages"] == [
        {"stage": "fast", "says": None, "confidence": 0.5, "answered": False},
        {"stage": "slow", "says": None, "confidence": 0.5, "answered": True},
    ]


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
