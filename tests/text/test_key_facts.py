"""Pins which words of an answer are its key fact: those that the question asks for, and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.key_facts import key_fact, says

ASKED = [
    ("What cools an engine?", "A radiator cools an engine.", "A radiator"),
    ("What does a radiator cool?", "A radiator cools the engine of a car.", "the engine of a car"),
    ("Who mends roofs in spring?", "Thatchers usually mend roofs in spring.", "Thatchers"),
    ("Which bridges rust first?", "Iron bridges rust first, so they are painted.", "Iron"),
    ("How many keys does a piano have?", "A modern piano has 88 keys.", ""),
    ("In people with fever, what lowers the heat?", "Cold water lowers the heat.", "Cold water"),
    ("When does the ferry leave?", "The ferry leaves at nine in the morning.", "nine in the morning"),
    ("What slows a boat?", "Weeds commonly slow a boat.", "Weeds"),
    ("What feeds the family?", "A small family farm feeds the family.", "A small"),
    ("What does rust eat?", "Rust eats iron and should be removed.", ""),
]


@pytest.mark.parametrize(("question", "answer", "key"), ASKED)
def test_the_key_fact_is_what_the_question_does_not_say(question: str, answer: str, key: str) -> None:
    assert key_fact(question, answer) == key


@pytest.mark.parametrize(
    "question",
    ["Why does iron rust?", "How is iron mended?", "Does iron rust?", "Is rust red?", "Warum?"],
)
def test_other_questions_ask_for_no_single_fact(question: str) -> None:
    assert key_fact(question, "Iron rusts because water and air reach it.") == ""


def test_an_answer_that_only_repeats_the_question_has_none() -> None:
    assert key_fact("What rusts iron and steel?", "Iron and steel rust.") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Simple weekly plans help.", True),
        ("It is a simple, weekly plan.", True),
        ("A weekly plan that is simple.", False),
        ("", False),
    ],
)
def test_a_text_says_a_fact_whatever_the_endings_of_its_words(text: str, *, said: bool) -> None:
    assert says(text, "A simple weekly plan") is said


@given(st.text(max_size=60), st.text(max_size=80))
def test_a_key_fact_is_a_part_of_its_answer_that_says_it(question: str, answer: str) -> None:
    key = key_fact(f"What {question}", answer)
    assert key in answer
    assert not key or says(answer, key)
