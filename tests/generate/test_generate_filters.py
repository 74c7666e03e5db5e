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
