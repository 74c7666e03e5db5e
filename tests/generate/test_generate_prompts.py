"""Pins what teachers are asked: recipe, types, personas and difficulty, and a beginning that all share."""

import pytest

from tasks.generate.pairs import Ask
from tasks.generate.teacher_config import EmbeddedTeacher, TransformersTeacher
from tasks.generate.teachers.prompts import DIFFICULTIES, EXAMPLES, TYPES, messages, pairs_schema
from tasks.models.sources import TinyModel
from tasks.records.dataset import QuestionType

STATEMENT = Ask(passage="p", answer="Bees dance to tell where food is.")
PASSAGE = Ask(passage="p", text="Bees dance. They fly, too.", count=20)


def last(ask: Ask) -> str:
    return messages(ask)[-1]["content"]


def test_a_passage_is_asked_for_its_pairs_as_json_in_one_turn() -> None:
    turns = messages(PASSAGE)
    assert [turn["role"] for turn in turns] == ["user"]
    assert "20 question-answer pairs" in last(PASSAGE)
    assert "JSON" in last(PASSAGE)
    assert last(PASSAGE).endswith(PASSAGE.text)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("ask", [STATEMENT, PASSAGE])
def test_type_persona_and_difficulty_are_asked_for(ask: Ask, kind: QuestionType) -> None:
    wanted = ask.model_copy(update={"question_type": kind, "persona": "a nurse", "difficulty": "hard"})
    for words in (TYPES[kind], "a nurse", DIFFICULTIES["hard"]):
        assert words in last(wanted)
        assert words not in last(ask)


@pytest.mark.parametrize("kind", [None, *TYPES])
def test_worked_examples_show_the_type_and_every_ask_of_it_begins_alike(kind: QuestionType | None) -> None:
    ask = STATEMENT.model_copy(update={"question_type": kind})
    other = ask.model_copy(update={"answer": "Iron rusts.", "persona": "a nurse", "difficulty": "easy"})
    turns = messages(ask)
    assert turns[:-1] == messages(other)[:-1]
    assert [turn["content"] for turn in turns[1::2]] == [question for _, question in EXAMPLES[kind]]
    start = turns[-1]["content"].removesuffix(ask.answer)
    assert messages(other)[-1]["content"].startswith(start + other.answer)


def test_begun_questions_of_all_types_share_their_examples() -> None:
    heads = [
        messages(STATEMENT.model_copy(update={"opening": "Why", "question_type": kind}))[:-1]
        for kind in (None, *TYPES)
    ]
    assert all(head == heads[0] for head in heads)


def test_the_schema_bounds_the_list_and_its_strings() -> None:
    schema = pairs_schema(7)
    assert schema["maxItems"] == 7
    assert schema["items"]["required"] == ["question", "answer"]
    assert all("maxLength" in text for text in schema["items"]["properties"].values())


def test_a_teacher_by_passage_has_room_for_its_pairs() -> None:
    assert EmbeddedTeacher().max_new_tokens == 24
    recipe = EmbeddedTeacher(mode="passage", constrained=False)
    assert (recipe.temperature, recipe.top_p, recipe.max_new_tokens) == (0.7, 0.9, 1200)
    with pytest.raises(ValueError, match="pairs by passage need 64 at least"):
        TransformersTeacher(model=TinyModel(), mode="passage", max_new_tokens=63)
