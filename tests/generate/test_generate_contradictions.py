"""Pins which pairs contradict each other, and who goes then."""

import random

import pytest
from generate_pairs import pair

from tasks.generate.pairs import candidates_of
from tasks.generate.selection.contradictions import drop_contradictions
from tasks.records.dataset import Candidate, Example

STATEMENT_WORDS = 8


def reasons(*examples: Example) -> list[str]:
    return [one.reason for one in drop_contradictions(candidates_of(examples), STATEMENT_WORDS)]


CONFLICTS = [
    ("How long does CBT last?", "About 12 weeks.", "How long does CBT last?", "About 16 weeks."),
    ("Does tea calm nerves?", "Yes, it does.", "Does tea calm the nerves?", "No, it does not."),
    (
        *("How common is OCD?", "About 2 percent of adults in the country have OCD at some time."),
        *("Who has OCD?", "About 5 percent of adults in the country have OCD at some time."),
    ),
    (
        *(
            "What does coffee do to sleep?",
            "Coffee in the late afternoon does not disturb the sleep of healthy adults.",
        ),
        *("What disturbs sleep?", "Coffee in the late afternoon does disturb the sleep of healthy adults."),
    ),
    (
        *(
            "How does exercise change anxiety?",
            "Regular exercise in the morning increases anxiety in most adults.",
        ),
        *("What changes anxiety?", "Regular exercise in the morning decreases anxiety in most adults."),
    ),
]
AGREEMENTS = [
    ("How long does CBT last?", "About 12 weeks.", "How long does exposure last?", "About 16 weeks."),
    ("How long does CBT last?", "About 12 weeks.", "How long does CBT last?", "12 weeks, or 84 days."),
    (
        *("Which adults had OCD?", "In 2010 about 2 percent of adults in the country had OCD."),
        *("Where did adults have OCD?", "In 2020 about 5 percent of adults in the country had OCD."),
    ),
    (
        *("What is given to children?", "The usual first dose for small children is 5 mg a day."),
        *("What is given to adults?", "The usual first dose for healthy adults is 50 mg a day."),
    ),
    ("What is tea?", "Tea is a drink made of leaves.", "What is tea?", "It is not a kind of coffee."),
]


@pytest.mark.parametrize(("question", "answer", "other", "contrary"), CONFLICTS)
def test_two_that_cannot_be_true_together_are_both_refused(
    question: str, answer: str, other: str, contrary: str
) -> None:
    judged = drop_contradictions(
        candidates_of([pair(1, question, answer), pair(2, other, contrary)]), STATEMENT_WORDS
    )
    assert [one.reason for one in judged] == ["contradicts", "contradicts"]
    assert judged[0].detail.startswith("e2: ")
    assert judged[1].detail.startswith("e1: ")


@pytest.mark.parametrize(("question", "answer", "other", "more"), AGREEMENTS)
def test_two_that_speak_of_different_things_stay(question: str, answer: str, other: str, more: str) -> None:
    assert reasons(pair(1, question, answer), pair(2, other, more)) == ["", ""]


def test_the_one_of_higher_precedence_stays() -> None:
    question, answer, other, contrary = CONFLICTS[0]
    written = pair(1, question, answer)
    for better in (
        pair(2, other, contrary, teacher="t, edited"),
        pair(2, other, contrary, passage="", teacher="dataset"),
        pair(2, other, contrary, passage="", teacher="dataset", split="test"),
    ):
        assert reasons(written, better) == ["contradicts", ""]
    accepted = Candidate(example=pair(2, other, contrary), reviewed=True)
    judged = drop_contradictions([Candidate(example=written), accepted], STATEMENT_WORDS)
    assert [one.reason for one in judged] == ["contradicts", ""]


def test_what_people_have_read_twice_stays_twice() -> None:
    question, answer, other, contrary = CONFLICTS[0]
    both = [pair(1, question, answer, teacher="t, edited"), pair(2, other, contrary, teacher="t, edited")]
    assert reasons(*both) == ["", ""]


def test_a_changed_number_is_found_among_many_pairs() -> None:
    draw = random.Random(5)  # noqa: S311  # a sample, no secret
    words = [f"w{letter}{other}" for letter in "abcdefgh" for other in "klmnopqr"]
    told = [" ".join(draw.sample(words, 8)) for _ in range(200)]
    pairs = [
        pair(at, f"What is known of {text[:11]}?", f"{text} in {at + 20} cases")
        for at, text in enumerate(told)
    ]
    assert set(reasons(*pairs)) == {""}
    wrong = draw.sample(range(200), 20)
    changed = [
        pair(1000 + at, f"Which {told[at][12:19]} is it?", f"{told[at]} in 7000 cases") for at in wrong
    ]
    found = reasons(*pairs, *changed)
    assert {at for at, reason in enumerate(found[:200]) if reason} == set(wrong)
    assert set(found[200:]) == {"contradicts"}
