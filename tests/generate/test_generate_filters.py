"""Pins what becomes a question and what is refused, each with its reason."""

import pytest

from tasks.generate.judging.filters import question_of, rejection
from tasks.generate.pairs import Ask, Draft, Reply

ANSWER = "A glacier moves downhill because its own weight presses the ice over wet ground."


def draft(opening: str, reply: str, answer: str = ANSWER) -> Draft:
    return Draft(ask=Ask(passage="p", answer=answer, opening=opening), reply=Reply(text=reply))


def test_question_ends_at_its_mark_and_on_its_line() -> None:
    assert question_of(draft("Why does", " a glacier move? Because")) == "Why does a glacier move?"
    assert question_of(draft("", "Why does a glacier\nmove?")) is None
    assert question_of(draft("", "no idea")) is None


def test_an_answer_that_the_model_gives_itself_is_cut_off() -> None:
    answer = "A stove needs dry wood and a clear chimney."
    assert question_of(draft("What does a stove need", " dry wood?", answer)) == "What does a stove need?"
    treated = "Frost damage is treated with warm water and rest."
    assert question_of(draft("How is frost damage treated", " with warm?", treated)) == (
        "How is frost damage treated?"
    )


def test_a_reply_that_only_completes_the_question_stays() -> None:
    answer = "Alarms can lead a crew to evacuate the hall."
    assert question_of(draft("What can alarms lead", " to?", answer)) == "What can alarms lead to?"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Why does a glacier move downhill?", None),
        ("Why glacier?", "length"),
        ("Write one question about a glacier: why does it move?", "leaked_prompt"),
        ("Why does the glacier in this passage move?", "dangling_reference"),
        ("What does the text say about how a glacier moves?", "dangling_reference"),
        ("Why does a glacier move a glacier move downhill?", "repeats_itself"),
        ("What are the benefits of a mountain railway?", "ungrounded"),
        (
            "Does a glacier move downhill because its own weight presses the ice over wet ground?",
            "copies_answer",
        ),
    ],
)
def test_each_refusal_has_its_reason(question: str, reason: str | None) -> None:
    assert rejection(question, ANSWER) == reason


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("Are new ropes stiff?", "New ropes are often stiff, but wear soon makes them soft and thin.", None),
        ("Are ropes rough to a strong hand?", "Ropes are rough, but a rope harms no strong hand.",
         "says_something_else"),
        ("Do climbers descend more slowly side?", "Climbers descend more slowly side by side than alone.",
         "says_something_else"),
        ("Are ropes dry?", "Ropes are kept dry in a bag, because water makes them weak.", None),
        ("What does rope need?", "Rope needs more care than chain does.", "vague"),
        ("What does wet rope need?", "Wet rope needs more care than chain does.", None),
    ],
)  # fmt: skip
def test_a_question_holds_and_names_what_it_asks_about(question: str, answer: str, reason: str) -> None:
    assert rejection(question, answer) == reason
