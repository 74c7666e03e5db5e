"""Pins which pairs of a domain are superfluous, and which of two stays."""

import random

import pytest
from generate_pairs import pair

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import candidates_of
from tasks.generate.selection.deduplication import drop_duplicates
from tasks.records.dataset import Candidate, Example

CONFIG = GenerateConfig()
SENTENCE = "Exposure with response prevention weakens the link between an obsession and its ritual."


def outcomes(*examples: Example) -> list[tuple[str, str]]:
    return [(one.reason, one.detail) for one in drop_duplicates(candidates_of(examples), CONFIG)]


def second(question: str, answer: str, other: str, again: str) -> str:
    return outcomes(pair(1, question, answer), pair(2, other, again))[1][0]


@pytest.mark.parametrize(
    ("question", "answer", "other", "again", "reason"),
    [
        ("What is OCD?", "One answer.", "what is ocd", "Quite another one.", "duplicate_question"),
        (
            *("What weakens the link between obsession and ritual?", SENTENCE),
            *("What weakens the link between an obsession and ritual?", SENTENCE + " Often."),
            "duplicate_question",
        ),
        (
            *("What does exposure with response prevention weaken?", SENTENCE),
            *("How does exposure with response prevention work?", SENTENCE.upper()),
            "duplicate_answer",
        ),
    ],
)
def test_pairs_that_say_the_same_are_kept_once(
    question: str, answer: str, other: str, again: str, reason: str
) -> None:
    assert second(question, answer, other, again) == reason


@pytest.mark.parametrize(
    ("question", "answer", "other", "again"),
    [
        ("What does exposure weaken?", SENTENCE, "Which ritual goes with an obsession?", SENTENCE),
        (
            *("How many grown men of the large city had the rare illness in 2010?", "About 300 men had it."),
            *("How many grown men of the large city had the rare illness in 2020?", "About 300 men had it."),
        ),
        (
            *("How do old men in the large city sleep after the first night shift?", "They sleep badly."),
            *("How do old women in the large city sleep after the first night shift?", "Some hours longer."),
        ),
        ("Is the first verse sad?", "positive", "Is the last line merry?", "positive"),
    ],
)
def test_pairs_that_only_look_alike_stay(question: str, answer: str, other: str, again: str) -> None:
    assert second(question, answer, other, again) == ""


def test_the_detail_names_the_pair_that_stays() -> None:
    same = [pair(at, "What is OCD?", f"Answer number {at}.") for at in (1, 2)]
    assert outcomes(*same) == [("", ""), ("duplicate_question", "e1")]


def test_the_one_of_higher_precedence_stays() -> None:
    written = pair(1, "What is OCD?", "An illness.")
    for better in (
        pair(2, "What is OCD?", "A disorder.", teacher="t, edited"),
        pair(2, "What is OCD?", "A disorder.", passage="", split="test"),
        pair(2, "What is OCD?", "A disorder.", passage=""),
    ):
        assert outcomes(written, better) == [("duplicate_question", "e2"), ("", "")]
    accepted = Candidate(example=pair(2, "What is OCD?", "A disorder."), reviewed=True)
    judged = drop_duplicates([Candidate(example=written), accepted], CONFIG)
    assert [one.reason for one in judged] == ["duplicate_question", ""]


def test_a_shuffled_copy_is_always_found() -> None:
    draw = random.Random(11)  # noqa: S311  # a sample, no secret
    for _ in range(50):
        words = draw.sample([f"w{letter}{other}" for letter in "abcdefgh" for other in "klmn"], 12)
        copy = draw.sample(words, 12)
        assert second(" ".join(words), "a b c", " ".join(copy), "d e f") == "duplicate_question"
