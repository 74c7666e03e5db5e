"""Pins the robustness suites: changed questions keep their domains, and the same seed gives the same ones."""

import re
from collections import Counter

import numpy as np
import pytest
from rapidfuzz.distance import OSA

from tasks.route.measure.labelled_questions import Questions
from tasks.route.suites.measure import build_suites
from tasks.route.suites.mixed import mixed_suite
from tasks.route.suites.paraphrases import FRAMES, framed, rewritten
from tasks.route.suites.spelling import SHARE, forms, mistyped, neighbours
from tasks.route.suites.suite import MAX_QUESTIONS, Suite
from tasks.route.suites.typical_words import TypicalWords
from tasks.text.words import WORD


def asked(rows: list[tuple[str, str]]) -> Questions:
    texts, labels = zip(*rows, strict=True)
    return Questions(tuple(map(str, range(len(rows)))), texts, labels, texts)


def of(questions: Questions, domains: set[str]) -> Questions:
    return questions.at(place for place, label in enumerate(questions.labels) if label in domains)


@pytest.fixture
def suites(library, unseen_library) -> dict[str, Suite]:
    return {suite.name: suite for suite in build_suites(library, unseen_library, seed=3)}


def test_every_suite_is_there_and_has_cases(suites) -> None:
    assert set(suites) == {"typos", "casing", "paraphrases", "mixed", "short"}
    assert all(suite.cases for suite in suites.values())


def test_the_same_seed_gives_the_same_questions_and_another_one_others(library, unseen_library) -> None:
    one, again, other = (build_suites(library, unseen_library, seed) for seed in (3, 3, 4))
    assert one == again
    assert all(left.cases != right.cases for left, right in zip(one, other, strict=True))


def test_no_suite_changes_a_domain_or_leaves_a_question_as_it_was(suites, unseen_library) -> None:
    written = set(zip(unseen_library.texts, unseen_library.labels, strict=True))
    for suite in suites.values():
        for case in suite.cases:
            assert set(zip(case.clean, case.domains, strict=True)) <= written
            assert case.question.strip()
            assert case.question not in case.clean


def test_of_many_questions_a_sample_is_changed(library) -> None:
    many = asked([(f"What is chord number {number}?", "music") for number in range(MAX_QUESTIONS + 200)])
    assert {len(suite.cases) for suite in build_suites(library, many, seed=3)} == {MAX_QUESTIONS}


def test_a_word_has_one_slip_at_most_and_keeps_its_first_letter(unseen_library) -> None:
    draw = np.random.default_rng(5)
    for text in unseen_library.texts:
        before, after = text.split(), mistyped(text, draw).split()
        distances = [OSA.distance(*pair) for pair in zip(before, after, strict=True)]
        assert max(distances) <= 1
        assert [word[0] for word in before] == [word[0] for word in after]


def test_short_words_and_numbers_are_never_mistyped() -> None:
    draw = np.random.default_rng(5)
    for _ in range(50):
        changed = mistyped("Is the 12345 abc12345 a bug? Überprüfung", draw)
        assert changed.startswith("Is the 12345 abc12345 a bug? Ü")
        assert changed[:30] != "Überprüfung"


def test_about_a_quarter_of_the_words_are_mistyped() -> None:
    draw = np.random.default_rng(5)
    words = ["sonnet", "guitar", "verdict", "contract"] * 10
    wrong = sum(a != b for _ in range(100) for a, b in zip(words, _typed(words, draw), strict=True))
    assert SHARE - 0.04 < wrong / (100 * len(words)) < SHARE + 0.04


def _typed(words: list[str], draw: np.random.Generator) -> list[str]:
    return mistyped(" ".join(words), draw).split()


def test_a_slip_never_spells_the_word_as_it_was() -> None:
    draw = np.random.default_rng(5)
    assert all(mistyped("keeeen", draw) != "keeeen" for _ in range(200))


def test_neighbouring_keys_touch_each_other() -> None:
    assert set(neighbours("g")) == set("fhtyvb")
    letters = "qwertyuiopasdfghjklzxcvbnm"
    assert all(key in neighbours(other) for key in letters for other in neighbours(key))
    assert neighbours("ü") == ""


@pytest.mark.parametrize(
    ("form", "changed"),
    [
        ("lower", "don't stop: is c++ hard?"),
        ("upper", "DON'T STOP: IS C++ HARD?"),
        ("title", "Don't Stop: Is C++ Hard?"),
        ("no marks", "Dont stop is C hard"),
    ],
)
def test_casing_changes_case_and_marks_alone(form, changed) -> None:
    assert forms("Don't stop: is C++ hard?")[form] == changed


def test_casing_never_measures_a_form_that_the_question_has_already(library) -> None:
    lower = asked([("what is a chord", "music")] * 40)
    casing = next(suite for suite in build_suites(library, lower, seed=3) if suite.name == "casing")
    assert {case.form for case in casing.cases} == {"upper", "title"}


def test_frames_leave_the_question_whole(suites) -> None:
    framed_cases = [case for case in suites["paraphrases"].cases if case.form == "frame"]
    assert framed_cases
    assert all(case.clean[0] in case.question for case in framed_cases)
    assert framed("what is a chord", FRAMES[6]) == "what is a chord. Thanks in advance!"


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("What is the capital of Peru?", "Tell me the capital of Peru?"),
        ("What are the signs of it?", "Tell me the signs of it?"),
        ("what is meant by recursion", "can you explain recursion"),
        ("What is OCD?", "What's OCD?"),
        ("How do I sue a tenant?", "What is the way to sue a tenant?"),
        ("how to sue", "what is the best way to sue"),
        ("Why are chords hard?", "For what reason are chords hard?"),
        ("Can you please explain it?", "I would like you to explain it?"),
        ("I want to learn", "I would like to learn"),
    ],
)
def test_rewrites_ask_the_same(question, other) -> None:
    assert rewritten(question) == other


@pytest.mark.parametrize("question", ["Whatever is left?", "Explain it.", "Why not?", "Howto guides"])
def test_a_question_that_no_rewrite_fits_is_not_rewritten(question) -> None:
    assert rewritten(question) is None


def test_mixed_questions_hold_what_they_are_made_of(suites) -> None:
    cases = suites["mixed"].cases
    assert {case.form for case in cases} == {"topic", "both"}
    for case in cases:
        assert all(text.rstrip(".?!") in case.question for text in case.clean)
        assert len(set(case.domains)) == (2 if case.form == "both" else 1)


def test_a_topic_is_a_word_of_another_domain(library, suites) -> None:
    domains = {word: set() for text in library.texts for word in WORD.findall(text)}
    for text, label in zip(library.texts, library.labels, strict=True):
        for word in WORD.findall(text):
            domains[word].add(label)
    for case in suites["mixed"].cases:
        if case.form == "topic":
            added = set(WORD.findall(case.question)) - set(WORD.findall(case.clean[0]))
            assert any(domains.get(word, set()) - set(case.domains) for word in added)


def test_two_domains_are_never_both_asked_and_one_is_never_mixed(library, unseen_library) -> None:
    two = of(unseen_library, {"law", "music"})
    mixed = mixed_suite(two, np.random.default_rng(1), TypicalWords(library))
    assert {case.form for case in mixed.cases} == {"topic"}
    assert mixed_suite(of(two, {"law"}), np.random.default_rng(1), TypicalWords(library)) is None


def test_short_questions_are_one_to_three_words_in_their_order(suites) -> None:
    lengths = Counter()
    for case in suites["short"].cases:
        words = case.question.split()
        lengths[len(words)] += 1
        assert re.search(r"\b.*".join(map(re.escape, words)), case.clean[0])
    assert set(lengths) <= {1, 2, 3}
    assert len(lengths) > 1


def test_a_word_tells_its_domain_by_smoothed_counts_of_training_questions() -> None:
    train = asked([("old sonnet", "poetry"), ("new sonnet", "poetry"), ("old court", "law"), ("x", "law")])
    typical = TypicalWords(train)
    assert typical.value("Sonnet", "poetry") == pytest.approx(np.log((4 + 3) / (2 + 3)))
    assert typical.value("sonnet", "law") == pytest.approx(np.log(3 / (2 + 3)))
    assert typical.value("old", "law") == typical.value("unseen", "law") == 0
    assert typical.words("The old Sonnet court", "poetry") == ["Sonnet"]


def test_a_word_that_speaks_more_for_another_domain_tells_nothing() -> None:
    train = asked([("call me", "a"), ("x", "a"), *[("call", "b")] * 2, *[("you", "c")] * 3])
    typical = TypicalWords(train)
    assert typical.value("call", "a") > 0
    assert typical.words("call me", "a") == ["me"]
