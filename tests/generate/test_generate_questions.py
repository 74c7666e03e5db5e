"""Pins what is asked about a sentence and about a layout: several things, where grammar is certain."""

import pytest

from tasks.generate.questions.asking import direction
from tasks.generate.questions.guided import begin_questions, question_type
from tasks.generate.questions.layout import layout_pairs
from tasks.generate.questions.standalone import unfit
from tasks.generate.questions.statements import Statement, statements


def asked(text: str) -> list[str]:
    """Return what is asked about the last sentence of `text`."""
    return begin_questions(statements(text)[-1], text)


@pytest.mark.parametrize(
    ("sentence", "questions"),
    [
        ("Storm lamps need clean paraffin oil from the harbor store.",
         ["What do storm lamps need", "Which lamps need clean paraffin oil from the harbor store?"]),
        ("Harbor pilots may guide foreign tankers through narrow channels.",
         ["What may harbor pilots guide", "Which pilots may guide foreign tankers through narrow channels?"]),
        ("In winter storms, a sea anchor keeps the bow into steep waves.",
         ["What keeps the bow into steep waves in winter storms?"]),
        ("Mast fractures usually occur during sudden gusts of polar wind.",
         ["When do mast fractures occur?"]),
        ("Research shows that copper paint slows the growth of barnacles.",
         ["What does copper paint slow",
          "What does research show about copper paint?"]),
        ("Do not enter a burning engine room without breathing gear.",
         ["Should you enter a burning engine room without breathing gear?"]),
        ("Helpers can praise small repairs of the hull, however plain.",
         ["What can helpers praise", "Who can praise small repairs of the hull, however plain?"]),
        ("Brass fittings can become a costly burden at sea, and owners therefore answer no letters.",
         ["Which fittings can become a costly burden at sea?"]),
        ("Keep a log book to track oil pressure and engine hours.",
         ["What can you do to track oil pressure and engine hours?"]),
    ],
)  # fmt: skip
def test_a_sentence_is_asked_about_from_several_sides(sentence: str, questions: list[str]) -> None:
    found = asked(sentence)
    assert [question for question in questions if question not in found] == []


@pytest.mark.parametrize(
    ("sentence", "questions"),
    [
        ("A wet deck is easier to cross when hemp mats cover the oak planks.",
         ["What is easier to cross when hemp mats cover the oak planks?"]),
        ("This old harbor crane lifts heavy timber and stacks iron barrels without damage to cargo.",
         ["What does this old harbor crane lift"]),
        ("Thick tar can help a leaking wooden hull.",
         ["What can help a leaking wooden hull?"]),
        ("Storm lamps was written by two keepers of northern lights.",
         ["How was storm lamps written", "What was written by two keepers of northern lights?"]),
    ],
)  # fmt: skip
def test_nothing_is_asked_that_would_say_too_little_or_something_else(
    sentence: str, questions: list[str]
) -> None:
    assert asked(sentence) == questions


@pytest.mark.parametrize(
    "sentence",
    [
        "Some people with a mooring licence do not use their own boats.",
        "There are many harbors along the northern coast of the island.",
        "Many sailors, it turns out.",
    ],
)
def test_nothing_is_asked_where_subject_or_verb_is_uncertain(sentence: str) -> None:
    assert asked(sentence) == []


def test_a_pronoun_is_asked_about_by_the_name_before_it_and_answered_with_both_sentences() -> None:
    text = "Sea anchors slow a drifting boat. They may prevent damage to the rudder in storms."
    found = statements(text)[-1]
    assert found.answer == text
    assert "Which anchors may prevent damage to the rudder in storms?" in begin_questions(found, text)
    assert unfit(found.checked, 6, 40) is None


def test_a_pronoun_that_does_not_agree_with_what_stands_before_it_is_left_open() -> None:
    found = statements("Sea anchors slow a drifting boat. It may prevent damage to the rudder in storms.")[-1]
    assert unfit(found.checked, 6, 40) == "dangling_start"


def test_a_connective_is_no_part_of_the_answer() -> None:
    found = statements("However, copper paint slows the growth of barnacles on wooden hulls.")[0]
    assert found.answer == "Copper paint slows the growth of barnacles on wooden hulls."


def test_a_question_that_heads_a_paragraph_is_answered_by_it() -> None:
    text = "Care\n\nWhat is a sea anchor?\n\nA sea anchor is a cone of canvas that slows a drifting boat."
    assert [tuple(pair) for pair in layout_pairs(text, 40)] == [
        ("What is a sea anchor?", "A sea anchor is a cone of canvas that slows a drifting boat.")
    ]


def test_a_list_answers_its_lead_in_sentence() -> None:
    text = (
        "Danger\n\nSigns of engine fire may include:\n- Black smoke from the vents\n- A smell of burnt rubber"
    )
    assert [pair.question for pair in layout_pairs(text, 40)] == ["What may signs of engine fire include?"]
    assert "- A smell of burnt rubber" in layout_pairs(text, 40)[0].answer


def test_a_list_under_a_heading_that_names_nothing_is_not_asked_about() -> None:
    assert layout_pairs("For more information\n\n- The harbor office\n- The coast guard", 40) == []


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("To learn more about sea anchors, visit www.example.org.",
         "Where can you learn more about sea anchors?"),
        ("If you are adrift near rocks, call the coast guard at 555-1234.",
         "What should you do if you are adrift near rocks?"),
        ("For more information, visit www.example.org.", ""),
        ("Learn more about this at www.example.org.", ""),
    ],
)  # fmt: skip
def test_an_address_is_asked_for_where_its_purpose_is_named(sentence: str, question: str) -> None:
    assert direction(sentence) == question


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        ("Why is", "why"),
        ("How can a sea anchor help?", "how"),
        ("How many", "factual"),
        ("What should you do if you drift?", "scenario"),
        ("Which lamps need oil?", "factual"),
    ],
)
def test_the_beginning_tells_the_type(beginning: str, kind: str) -> None:
    assert question_type(beginning) == kind


def test_a_question_never_gets_words_that_its_statement_has_not() -> None:
    text = "Storm lamps need clean paraffin oil, which is sold at the harbor, and they last for many years."
    statement = Statement(text, text, text)
    known = set(text.lower().replace(",", "").replace(".", "").split()) | {
        "what",
        "which",
        "do",
        "how",
        "long",
    }
    for question in begin_questions(statement, text):
        assert set(question.lower().rstrip("?").split()) <= known
