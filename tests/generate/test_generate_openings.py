"""Pins how questions are begun: from the statement's own grammar, or not at all."""

import pytest

from tasks.generate.questions.openings import opening


@pytest.mark.parametrize(
    ("statement", "begun"),
    [
        ("A lapse is a brief return of symptoms.", "What is a lapse?"),
        ("Fear of missing a step is known as step doubt.", "What is step doubt?"),
        ("Opposite action means choosing what fear advises against.", "What does opposite action mean?"),
        ("Mild OCD can be treated with therapy alone.", "How can mild OCD be treated"),
        ("Urgent help is needed when somebody is in danger.", "When is urgent help needed?"),
        ("A trial of the drug lasts eight to twelve weeks.", "How long does a trial of the drug last?"),
        ("The treatment of burns has three phases: cooling, cleaning and rest.",
         "How many phases does the treatment of burns have?"),
        ("Early signs of frost are stiff leaves, spots and dry stems.", "What are early signs of frost?"),
        ("Lithium requires blood tests, because the margin is small.", "Why does lithium require"),
        ("Tablets are not addictive in the sense of craving.", "Are tablets addictive"),
        ("A person should not be left alone in danger at night.", ""),
        ("Siblings of a child should not be left alone at night.", "Should siblings of a child be left"),
        ("If you feel dizzy, sit down and breathe slowly.", "What should you do if you feel dizzy?"),
        ("When a valve fails, steam escapes into the hall.", "What happens when a valve fails?"),
        ("CBASP is a therapy for chronic gloom.", "What is CBASP?"),
        ("Remission is the goal of treating a fever.", "What is the goal"),
        ("Tension, in which muscles are tightened, helps people to stand.",
         "What does tension help people to do?"),
    ],
)  # fmt: skip
def test_question_begins_from_the_grammar_of_its_statement(statement: str, begun: str) -> None:
    assert opening(statement, "") == begun


@pytest.mark.parametrize(
    "statement",
    [
        "Many people wait for years.",
        "The person rates each trigger on a scale.",
        "In acute danger to life, call the local number.",
        "Honest reports about missed tablets matter.",
        "Relatives who praise effort and rest help most.",
        "Der Gletscher formt über Jahrtausende das ganze Tal.",
    ],
)
def test_no_question_is_begun_where_subject_or_verb_is_uncertain(statement: str) -> None:
    assert opening(statement, "") == ""


def test_names_keep_their_capital() -> None:
    passage = "Doctors in Norway use it. Norway needs new clinics for the north."
    assert opening("Norway needs new clinics for the north.", passage) == "What does Norway need"
    assert opening("Sleep needs a dark and quiet room.", passage) == "What does sleep need"
