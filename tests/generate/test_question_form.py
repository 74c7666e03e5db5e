"""Pins what wants yes or no: the clause that asks decides, wherever it stands, and a choice is none."""

import pytest

from tasks.generate.judging.filters import rejection
from tasks.generate.judging.question_form import question_form, verdict

YES_NO = """
Is fever dangerous?
In people with fever, can aspirin help?
For a person who has asthma, is exercise safe?
If a person has fever, should they rest?
If a person has fever should they rest?
When a person has fever, should they rest?
When a person has fever should they rest?
In people with fever can aspirin be given?
Isn't fever a symptom?
Can’t aspirin lower fever?
According to the WHO, is fever common?
Fever is dangerous, isn't it?
Fever is dangerous, right?
True or false: fever is dangerous?
My son is six. Can he take ibuprofen?
Is fever dangerous, or not?
Can fever, cough, or a rash be signs of measles?
Is it true that, when frost forms, pipes burst?
Does the manual say what to do when frost forms?
In Bern, which is the capital, is it safe to walk?
Does a pressure of 1,200 bar break glass?
So, do birds sleep?
1. Is fever dangerous?
“Is fever dangerous?”
You live beside a volcano: should you move?
During pregnancy, is it safe to fly?
Are all-or-nothing claims common?
Is fever dangerous? Is cough?
Can fever be treated
Ring-shaped lesions--is it ringworm?
When at home, is it safe to rest?
Where in doubt, should you ask?
"""
OPEN = """
What is fever?
In people with fever, which medicines help?
In people with fever which medicines help?
At what temperature does water boil?
To what extent does frost harm?
Roughly how many birds are there?
By whom was it built?
Besides the direction, what else about food does a dance tell?
When should a person rest?
Where are glaciers found?
Where in Canada are glaciers found?
Where according to the survey does ice melt?
When, exactly, was the bridge built?
When the bridge was built?
Is fever dangerous, and why?
Can fever be treated and, if so, how?
Is fever common, and what causes it?
Is fever dangerous? Why?
Is fever dangerous? Explain.
Can you explain how fever arises?
Could you tell me why birds sleep?
Do you know why birds sleep?
Name three symptoms of fever?
People with fever need what?
Someone who eats only plants needs more iron: which foods can help?
When someone has fever, how should they rest?
发烧危险吗？
"""
CHOICE = """
Do you wash, or do you check?
In people with fever, do you wait, or do you act?
Is it a cold or is it flu?
Is fever a cause of illness, or a sign of it?
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("question", lines(YES_NO))
def test_a_question_whose_asking_clause_begins_with_an_auxiliary_wants_yes_or_no(question: str) -> None:
    assert question_form(question, "") == "yes_no"


@pytest.mark.parametrize("question", lines(OPEN))
def test_a_question_that_asks_for_more_is_open(question: str) -> None:
    assert question_form(question, "") == "open"


@pytest.mark.parametrize("question", lines(CHOICE))
def test_a_question_that_offers_two_things_is_a_choice(question: str) -> None:
    assert question_form(question, "") == "choice"
    assert question_form(question, "Yes, it is.") == "yes_no"


@pytest.mark.parametrize(
    ("question", "answer", "form"),
    [
        ("Is fever a symptom or a disease?", "Fever is a symptom.", "choice"),
        ("Is fever a symptom or a disease?", "No, it is neither.", "yes_no"),
        ("Can aspirin or ibuprofen lower fever?", "Aspirin and ibuprofen lower fever.", "yes_no"),
    ],
)
def test_the_answer_tells_a_list_from_a_choice(question: str, answer: str, form: str) -> None:
    assert question_form(question, answer) == form


def test_an_answer_begins_with_its_verdict() -> None:
    assert [verdict(text) for text in ("Yes, it is.", "no.", "Nobody knows.", "")] == ["yes", "no", "", ""]


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("At what temperature does water boil?", "The temperature of water that boils is 100.", None),
        ("In gout, which foods start an attack?", "Foods that start gout attacks are meat and beer.", None),
        ("Besides meat, what starts gout?", "Meat, beer and fish start gout.", None),
        ("Does gout attack the knee?", "Yes, gout may attack the knee, the foot and the hand.", None),
        ("Does gout weaken nails?", "No, gout does not weaken nails.", None),
        ("Is gout a cause of pain, or of age?", "Gout is a cause of pain, not of age.", None),
        ("Does gout attack the knee?", "Gout attacks the knee.", "copies_answer"),
        ("What attacks the knee?", "The knee attacks.", "copies_answer"),
    ],
)  # fmt: skip
def test_only_questions_for_yes_or_no_are_held_to_their_answers_words(
    question: str, answer: str, reason: str | None
) -> None:
    assert rejection(question, answer) == reason
