"""Pins that each check refuses what it is for, with reason code and detail, and lets its like through."""

import random
from pathlib import Path

import pytest
from generate_corpus import workspace
from generate_pairs import PASSAGE, TEXT, example

from tasks.generate.config import JudgingConfig
from tasks.generate.judging.judge import judge_pairs
from tasks.generate.pairs import candidates_of
from tasks.records.dataset import Candidate, Example
from tasks.text.sentences import english_sentences

CONFIG = JudgingConfig(language=None)


def judged(pair: Example, tmp_path: Path, config: JudgingConfig = CONFIG) -> Candidate:
    return judge_pairs(candidates_of([pair]), {PASSAGE.id: PASSAGE}, config, None, workspace(tmp_path))[0]


GOOD = [
    ("What does a rack railway have between its tracks?", "A toothed rail."),
    ("When did the Pilatus line open?", "On June 4, 1889."),
    ("How many guests ride to the summit on a day in July?", "About 1200 guests."),
    ("Why do cable cars not need a bridge?", "Their cabins hang from a rope."),
    ("What increases the risk of a blocked track?", "Snow increases the risk of a blocked track."),
    ("Which trains climb slopes that are too steep for others?", "Mountain railways climb them."),
]
BAD = [
    ("How many guests ride to the summit?", "About 1,300 guests ride.", "unsupported_number", "1300"),
    ("How many guests ride to the summit?", "48 guests ride to it.", "unsupported_number", "48"),
    ("When did the Pilatus line open?", "On 4 July 1889.", "unsupported_date", "year 1889 month 7 day 4"),
    ("Where is the Pilatus line?", "The Pilatus line is in Austria.", "unsupported_name", "Austria"),
    ("Do cable cars need a bridge?", "Cable cars need a bridge over a valley.", "polarity_differs", "need"),
    ("Where do cabins hang?", "Their cabins do not hang from a rope.", "polarity_differs", "not hang, rop"),
    ("What does snow do?", "It decreases the risk of a blocked track.", "polarity_differs", "decrease for"),
    ("What drives a rack railway?", "Strong magnets and diesel fuel.", "ungrounded_answer", "magnet"),
    ("Why do guests ride on a rope?", "A toothed rail between its tracks.", "irrelevant", "%"),
    ("What does the passage say about snow?", "Snow increases the risk.", "dangling_reference", ""),
    ("How does it climb steep slopes?", "With a toothed rail.", "dangling_reference", "it"),
    ("Question: what is a rack railway?", "A toothed rail.", "leaked_prompt", ""),
    ("Why snow?", "Snow increases the risk.", "length", ""),
    ("What does snow increase on the track?", "Snow " * 151, "length", "151 words"),
]


@pytest.mark.parametrize(("question", "answer"), GOOD)
def test_a_grounded_pair_is_kept(question: str, answer: str, tmp_path: Path) -> None:
    found = judged(example(question, answer), tmp_path)
    assert (found.reason, found.detail) == ("", "")


@pytest.mark.parametrize(("question", "answer", "reason", "detail"), BAD)
def test_each_refusal_has_its_reason_and_detail(
    question: str, answer: str, reason: str, detail: str, tmp_path: Path
) -> None:
    found = judged(example(question, answer), tmp_path)
    assert found.reason == reason
    assert detail in found.detail


def test_a_negation_that_the_question_has_may_be_missing_in_the_answer(tmp_path: Path) -> None:
    answer = "They need a bridge over a valley."
    assert judged(example("What is it that cable cars do not have to do?", answer), tmp_path).reason == ""


def test_examples_without_a_passage_are_not_measured_by_one(tmp_path: Path) -> None:
    ready = example("def add(a, b): ...", "return a + b", passage="")
    assert judged(ready, tmp_path).reason == ""


def test_what_was_refused_before_keeps_its_reason(tmp_path: Path) -> None:
    before = Candidate(example=example("Why?", "Because."), reason="cut_off", detail="d")
    assert judge_pairs([before], {PASSAGE.id: PASSAGE}, CONFIG, None, workspace(tmp_path)) == [before]


@pytest.mark.slow
def test_pairs_in_another_language_are_refused_unless_any_will_do(tmp_path: Path) -> None:
    german = example("Was erhöht die Gefahr auf der Strecke im Winter?", "der viele und nasse schnee")
    english = example(*GOOD[4])
    found = judged(german, tmp_path, JudgingConfig())
    assert (found.reason, found.detail) == ("language", "de")
    assert judged(english, tmp_path, JudgingConfig()).reason == ""
    assert judged(english, tmp_path, JudgingConfig(language="fr")).reason == "language"
    assert judged(german, tmp_path).reason == "ungrounded_answer"


def test_evidence_in_the_repeated_part_belongs_to_the_passage_before(tmp_path: Path) -> None:
    sentences = english_sentences(TEXT)
    repeating = PASSAGE.model_copy(update={"overlap_chars": len(sentences[0]) + len(sentences[1]) + 2})
    pairs = candidates_of([example(*GOOD[0]), example(*GOOD[1])])
    found = judge_pairs(pairs, {PASSAGE.id: repeating}, CONFIG, None, workspace(tmp_path))
    assert [one.reason for one in found] == ["repeated_part", ""]


def test_random_corruptions_of_a_verbatim_answer_are_refused(tmp_path: Path) -> None:
    """A number, a name or a negation changed in a sentence of the passage, wherever it stands."""
    draw = random.Random(3)  # noqa: S311  # a sample, no secret
    sentences = [sentence for sentence in english_sentences(TEXT) if " not " not in sentence]
    for _ in range(60):
        sentence = draw.choice(sentences)
        words = sentence.split()
        corruptions = {
            "unsupported_number": f"{sentence[:-1]}, in {draw.randint(2_000, 9_000)} cases.",
            "unsupported_name": " ".join([*words[:2], draw.choice(["Bern", "NASA", "Kenya"]), *words[2:]]),
            "polarity_differs": " ".join([*words[:3], "never", *words[3:]]),
        }
        for reason, answer in corruptions.items():
            found = judged(example(f"What about {words[1]} {words[2]}?", answer), tmp_path)
            assert found.reason == reason, answer


@pytest.mark.parametrize("given", [True, False])
def test_only_a_sentence_that_was_given_must_have_its_questions_words(tmp_path: Path, *, given: bool) -> None:
    pair = example(
        "How many people reach the summit by rail in summer?",
        "About 1,200 guests ride to the summit on a day in July.",
    )
    config = CONFIG.model_copy(update={"min_support": 0})
    found = judge_pairs(
        candidates_of([pair]),
        {PASSAGE.id: PASSAGE},
        config,
        None,
        workspace(tmp_path),
        answers_given=given,
    )
    assert found[0].reason == ("ungrounded" if given else "")


def test_words_that_only_ask_need_not_stand_near_the_answer(tmp_path: Path) -> None:
    found = judged(
        example("What happens in winter with switches?", "Drivers check each of them twice."), tmp_path
    )
    assert found.reason == ""
    other = judged(
        example("What breaks in winter with switches?", "Drivers check each of them twice."), tmp_path
    )
    assert other.reason == "irrelevant"
