"""Pins which sentences may be answers: whole statements that need nothing around them."""

import pytest

from tasks.generate.questions.standalone import unfit
from tasks.text.sentences import english_sentences


def test_paragraphs_and_list_items_never_run_into_each_other() -> None:
    text = "What works\n\nExposure helps. Dr. Lee agrees.\nTheme | Fear\n• washing hands\n• counting steps"
    assert english_sentences(text) == [
        "What works",
        "Exposure helps.",
        "Dr. Lee agrees.",
        "Theme | Fear",
        "washing hands",
        "counting steps",
    ]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Regular exercise reduces anxiety modestly in most adults who try it.", None),
        ("Exercise helps.", "too_short"),
        ("Exercise " + "really " * 40 + "helps.", "too_long"),
        ("It helps most people to sleep better at night.", "dangling_start"),
        ("However, treatment helps most people to sleep better.", "dangling_start"),
        ("What are the signs and symptoms of the disorder?", "not_a_statement"),
        ("trouble falling asleep, staying asleep or sleeping well.", "not_a_statement"),
        ("Living With Anxiety And Panic At Work And Home.", "not_a_statement"),
        ("People can read more about anxiety at www.example.org today.", "pointer"),
        ("The table names the forms that doctors often distinguish.", "pointer"),
        ("Behavioral activation breaks this cycle from the outside in.", "pointer"),
    ],
)
def test_only_self_contained_statements_are_fit(sentence: str, reason: str | None) -> None:
    assert unfit(sentence, 8, 40) == reason
