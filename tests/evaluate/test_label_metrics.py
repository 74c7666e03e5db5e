"""Pins metrics of answers that name a label: what they name, accuracy, the F-measure with its interval."""

import random

import pytest
from sklearn.metrics import f1_score

from tasks.evaluate.measuring.questions import Question
from tasks.evaluate.metric_config import ClassificationAccuracy, DecisionAccuracy, MacroF1
from tasks.evaluate.metrics.labels import classification_accuracy, decision_accuracy, macro_f1, named_label
from tasks.evaluate.metrics.measure import Counts
from tasks.kernel.errors import DataError
from tasks.statistics.bootstrap import Bootstrap

LABELS = ("book flight", "book", "cancel", "no_impact")
BOOTSTRAP = Bootstrap(samples=300, confidence=0.95, seed=1)


def asked(*references: str) -> list[Question]:
    return [Question("alpha", str(place), "which?", text) for place, text in enumerate(references)]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("book flight", "book flight"),
        ("Book a flight", "book"),
        ("**Cancel.** You may cancel.", "cancel"),
        ("The intent is: cancel", "cancel"),
        ("either book or cancel", None),
        ("No impact", "no_impact"),
        ("booking", None),
        ("", None),
    ],
)
def test_a_text_names_the_label_it_begins_with_or_its_only_one(text: str, label: str | None) -> None:
    assert named_label(text, LABELS) == label


def test_decisions_agree_whatever_explains_them() -> None:
    measure = decision_accuracy(DecisionAccuracy())
    questions = asked("yes\nBecause it helps.", "no", "maybe", "no")
    answers = ["Yes, no trial says otherwise.", "It is unclear.", "Maybe.", "No"]
    assert measure.score(answers, questions) == {"decision_accuracy": [1, 0, 1, 1]}


def test_a_reference_without_a_decision_is_refused_with_its_question() -> None:
    accept = decision_accuracy(DecisionAccuracy()).accept
    assert accept
    with pytest.raises(DataError, match="alpha: the reference answer to 0 names none of yes, no, maybe"):
        accept(*asked("it depends"))


def test_accuracy_and_macro_f1_are_scikit_learns() -> None:
    draw = random.Random(3)  # noqa: S311  no secret is drawn
    right = [draw.choice("abc") * 3 for _ in range(60)]
    said = [one if draw.random() < 0.6 else draw.choice(("aaa", "bbb", "nothing")) for one in right]
    questions = asked(*right)
    found = macro_f1(MacroF1()).score(said, questions)["macro_f1"]
    assert isinstance(found, Counts)
    wanted = f1_score(right, said, labels=["aaa", "bbb", "ccc"], average="macro", zero_division=0)
    estimate = BOOTSTRAP.statistic(found.rows, found.of)
    assert estimate.value == pytest.approx(wanted)
    assert estimate.bounded
    low, high = estimate.ends
    assert low < estimate.value < high
    accuracy = classification_accuracy(ClassificationAccuracy()).score(said, questions)
    agreed = [float(one == other) for one, other in zip(right, said, strict=True)]
    assert accuracy == {"classification_accuracy": agreed}


def test_macro_f1_pairs_with_another_models_on_the_same_questions() -> None:
    questions = asked(*["aaa", "bbb"] * 20)
    measure = macro_f1(MacroF1(labels=("aaa", "bbb")))
    ours, theirs = (
        measure.score(answers, questions)["macro_f1"] for answers in (["aaa", "bbb"] * 20, ["aaa"] * 40)
    )
    assert isinstance(ours, Counts)
    assert isinstance(theirs, Counts)
    gain = BOOTSTRAP.statistic_difference(ours.rows, theirs.rows, ours.of)
    assert gain.value == pytest.approx(1 - (2 * 20 / 60) / 2)
    assert gain.ends[0] > 0
    equal = BOOTSTRAP.statistic_difference(ours.rows, ours.rows, ours.of)
    assert (equal.value, *equal.ends) == (0, 0, 0)
