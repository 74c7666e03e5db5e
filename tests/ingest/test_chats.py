"""Pins that a conversation trains the user's words and the assistant's answer, wherever they stand."""

from pathlib import Path

import pytest

from tasks.kernel.errors import DocumentError
from tests.ingest.data_sets import Ingested, ingested, json_lines

Turn = dict[str, object]
POSITIONS = {"question": "c.0.value", "answer": "c.1.value"}
ROLES = {"question": "c.user", "answer": "c.assistant"}


def turns(*said: tuple[str, str]) -> dict[str, list[Turn]]:
    return {"c": [{"from": who, "value": text} for who, text in said]}


PLAIN = turns(("human", "What is a chuck?"), ("gpt", "It holds the work."))
SYSTEM = turns(
    ("system", "You are a machinist."), ("human", "What is a post?"), ("gpt", "It holds the tool.")
)
GREETING = turns(("gpt", "Hello, how can I help?"), ("human", "What is swarf?"), ("gpt", "Chips of metal."))


def test_roles_find_the_exchange_in_every_order(tmp_path: Path) -> None:
    found = ingested(json_lines(tmp_path / "a.jsonl", PLAIN, SYSTEM, GREETING), **ROLES)
    assert found.pairs == [
        ("What is a chuck?", "It holds the work."),
        ("What is a post?", "It holds the tool."),
        ("What is swarf?", "Chips of metal."),
    ]
    assert found.counts["turns_left_out"] == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (SYSTEM, r"`c\.1\.value` is a turn of the user and not of the assistant; write `c\.user`"),
        (GREETING, r"`c\.1\.value` is a turn of the user and not of the assistant"),
        (
            turns(("system", "Be kind."), ("gpt", "Yes.")),
            r"`c\.0\.value` is a turn of the system and not of the",
        ),
        (turns(("tool", "22 C"), ("gpt", "Warm.")), r"`c\.0\.value` is a turn of somebody else"),
    ],
)
def test_positions_that_name_another_role_are_refused(
    tmp_path: Path, row: dict[str, list[Turn]], told: str
) -> None:
    with pytest.raises(DocumentError, match=rf"a\.jsonl:2: {told}"):
        ingested(json_lines(tmp_path / "a.jsonl", PLAIN, row), **POSITIONS)


def test_an_answer_to_another_question_is_refused(tmp_path: Path) -> None:
    row = turns(("human", "One?"), ("gpt", "1"), ("human", "Two?"), ("gpt", "2"))
    with pytest.raises(DocumentError, match=r"`c\.3\.value` does not answer `c\.0\.value`"):
        ingested(json_lines(tmp_path / "a.jsonl", row), question="c.0.value", answer="c.3.value")
    with pytest.raises(DocumentError, match=r"`c\.1\.value` does not answer `c\.2\.value`"):
        ingested(json_lines(tmp_path / "b.jsonl", row), question="c.2.value", answer="c.1.value")


def test_what_was_said_before_may_stand_in_the_question(tmp_path: Path) -> None:
    row = turns(("human", "One?"), ("gpt", "1"), ("human", "And two?"), ("gpt", "2"))
    mapping = {"question": "{c.0.value}\n{c.1.value}\n{c.2.value}", "answer": "c.3.value"}
    assert ingested(json_lines(tmp_path / "a.jsonl", row), **mapping).pairs == [("One?\n1\nAnd two?", "2")]


def test_the_first_exchange_trains_and_the_others_are_counted(tmp_path: Path) -> None:
    row = turns(("human", "One?"), ("gpt", "1"), ("human", "And two?"), ("gpt", "2"))
    for name, mapping in (("roles", ROLES), ("positions", POSITIONS)):
        found = ingested(json_lines(tmp_path / f"{name}.jsonl", row), **mapping)
        assert (found.pairs, found.counts["turns_left_out"]) == ([("One?", "1")], 2)


def test_messages_with_parts_and_two_turns_in_a_row(tmp_path: Path) -> None:
    row = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Look."}]},
            {"role": "User", "content": "What is it?"},
            {"role": "assistant", "content": "A chuck."},
        ]
    }
    mapping = {"question": "{messages.system}\n{messages.user}", "answer": "messages.assistant"}
    found = ingested(json_lines(tmp_path / "a.jsonl", row), **mapping)
    assert found.pairs == [("Be brief.\nLook.\nWhat is it?", "A chuck.")]


def test_a_question_without_an_answer_and_no_turns_are_empty(tmp_path: Path) -> None:
    rows = [PLAIN, turns(("human", "Hello?")), {"c": []}, {"c": None}]
    found = ingested(json_lines(tmp_path / "a.jsonl", *rows), **ROLES)
    assert (len(found.examples), found.counts["empty"]) == (1, 3)


def test_lists_that_are_no_conversation_go_by_position(tmp_path: Path) -> None:
    row = {"q": "x?", "c": [{"body": "first"}, {"body": "second"}]}
    assert ingested(json_lines(tmp_path / "a.jsonl", row), answer="c.1.body").pairs == [("x?", "second")]


def test_turns_in_columns_have_roles_too(tmp_path: Path) -> None:
    rows = [
        {"c": {key: [turn[key] for turn in row["c"]] for key in ("from", "value")}} for row in (PLAIN, SYSTEM)
    ]
    source = json_lines(tmp_path / "a.jsonl", *rows)
    assert ingested(source, **ROLES).pairs[1] == ("What is a post?", "It holds the tool.")
    with pytest.raises(DocumentError, match=r"a\.jsonl:2: `c\.value\.1` is a turn of the user"):
        Ingested(source, tmp_path / "again", question="c.value.0", answer="c.value.1")
