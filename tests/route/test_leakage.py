"""Pins that near-identical questions never stand on two sides, whatever the data."""

import random
import time
from itertools import product

import pytest
from sklearn.model_selection import StratifiedGroupKFold

from tasks.kernel.errors import DataError
from tasks.route.measure.labelled_questions import Questions
from tasks.route.measure.neighbours import leak_free_split, leak_report, with_groups, without_neighbours


def words(text: str) -> set[str]:
    return set(text.lower().replace("?", "").split())


def alike(one: str, other: str) -> float:
    return len(words(one) & words(other)) / len(words(one) | words(other))


def leaks(train: Questions, test: Questions, similarity: float = 0.8) -> list[int]:
    """Compare all with all."""
    return [
        place
        for place, text in enumerate(test.texts)
        if any(alike(text, other) >= similarity for other in train.texts)
    ]


def asked(texts: list[str], labels: list[str], groups: list[str] | None = None) -> Questions:
    ids = tuple(map(str, range(len(texts))))
    return Questions(ids, tuple(texts), tuple(labels), tuple(groups or texts))


def scribbled(seed: int, count: int = 300, vocabulary: int = 12) -> Questions:
    """Return questions of few words, many of them near-identical, some of one passage."""
    draw = random.Random(seed)  # noqa: S311  # a sample, no secret
    named = [f"w{number}" for number in range(vocabulary)]
    texts = [" ".join(draw.sample(named, draw.randint(3, 9))) + "?" for _ in range(count)]
    labels = [draw.choice("abc") for _ in range(count)]
    groups = [f"p{draw.randrange(3 * count)}" for _ in range(count)]
    return asked(texts, labels, groups)


@pytest.mark.parametrize("seed", range(5))
def test_no_fold_has_a_near_identical_question_on_the_other_side(seed) -> None:
    questions = with_groups(scribbled(seed, vocabulary=16))
    folds = StratifiedGroupKFold(3, shuffle=True, random_state=seed)
    for train, test in folds.split(questions.texts, questions.labels, questions.groups):
        assert len(train)
        assert len(test)
        assert leaks(questions.at(train.tolist()), questions.at(test.tolist())) == []


@pytest.mark.parametrize("seed", range(5))
def test_questions_of_a_passage_stay_together_and_grouping_again_changes_nothing(seed) -> None:
    questions = scribbled(seed)
    grouped = with_groups(questions)
    together = dict(zip(questions.groups, grouped.groups, strict=True))
    assert [together[group] for group in questions.groups] == list(grouped.groups)
    assert with_groups(grouped) == grouped
    assert (grouped.texts, grouped.labels) == (questions.texts, questions.labels)


def test_near_identical_questions_of_two_passages_join_their_passages() -> None:
    texts = ["what is a red blood cell", "is a what red cell blood", "why rain falls", "how tides turn"]
    grouped = with_groups(asked(texts, ["a"] * 4, ["p", "q", "q", "r"]))
    assert len(set(grouped.groups[:3])) == 1
    assert grouped.groups[3] == "r"


def test_a_chain_through_a_domain_is_cut_and_leaves_two_sides(caplog) -> None:
    chain = [" ".join(f"w{place + step}" for step in range(10)) for place in range(60)]
    other = [f"topic {number} alone here {number + 900}" for number in range(60)]
    questions = asked(chain + other + chain[:5], ["a"] * 60 + ["b"] * 60 + ["a"] * 5)
    grouped = with_groups(questions)
    assert len(set(grouped.groups)) == 120
    assert grouped.groups[:5] == grouped.groups[120:]
    assert "alike in a chain" in caplog.text


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("vocabulary", [10, 14, 30])
def test_no_split_has_a_near_identical_question_on_two_sides(seed, vocabulary) -> None:
    questions = scribbled(seed, vocabulary=vocabulary)
    split = leak_free_split(questions, 0.2, seed)
    assert leaks(split.train, split.test, split.similarity) == []
    assert split.train.domains == split.test.domains == questions.domains
    assert len(split.train.texts) + len(split.test.texts) + split.dropped == len(questions.texts)
    assert set(split.train.ids).isdisjoint(split.test.ids)


def test_a_split_holds_out_its_share_of_each_domain_and_repeats_by_seed() -> None:
    questions = scribbled(1, count=900, vocabulary=300)
    split = leak_free_split(questions, 0.2, seed=5)
    assert (split.similarity, split.dropped) == (0.8, 0)
    for domain in questions.domains:
        share = split.test.labels.count(domain) / questions.labels.count(domain)
        assert share == pytest.approx(0.2, abs=0.03)
    assert leak_free_split(questions, 0.2, seed=5) == split
    assert leak_free_split(questions, 0.2, seed=6) != split


def test_where_a_domain_follows_one_template_only_the_same_words_count() -> None:
    template = "how is {} treated in the first week at home by a nurse"
    texts = [template.replace("{}", f"illness{number}") for number in range(40)]
    others = [f"verse {number} of poem {number + 500}" for number in range(40)]
    split = leak_free_split(asked(texts + others, ["a"] * 40 + ["b"] * 40), 0.25, seed=1)
    assert split.similarity == 1.0
    assert leaks(split.train, split.test, 1.0) == []
    assert leaks(split.train, split.test, 0.8) != []


def test_a_domain_of_one_question_many_times_cannot_be_split() -> None:
    texts = ["what is a verb?"] * 20 + [f"verse {number} of poem {number + 500}" for number in range(20)]
    with pytest.raises(DataError, match="too alike to stand on both sides"):
        leak_free_split(asked(texts, ["a"] * 20 + ["b"] * 20), 0.2, seed=1)


def test_a_domain_that_only_repeats_another_cannot_be_split() -> None:
    texts = [f"verse {number} of poem {number + 500}" for number in range(20)]
    with pytest.raises(DataError, match="too alike to stand on both sides"):
        leak_free_split(asked([*texts, texts[0], texts[0]], ["b"] * 20 + ["a"] * 2), 0.2, seed=1)


@pytest.mark.parametrize("seed", range(3))
def test_the_report_counts_what_comparing_all_with_all_finds(seed) -> None:
    train, test = scribbled(seed), scribbled(seed + 50, count=100)
    report = leak_report(train, test)
    assert report.positions == leaks(train, test)
    assert report.near_identical == len(report.positions) > 0
    seen = {text.lower() for text in train.texts}
    assert report.identical == sum(text.lower() in seen for text in test.texts)
    kept = without_neighbours(train, test)
    assert kept == test.at(place for place in range(100) if place not in report.positions)


def test_case_and_marks_do_not_hide_a_repeated_question() -> None:
    train, test = asked(["What is OCD?"], ["a"]), asked(["what is ocd", "What is rain?"], ["a", "b"])
    report = leak_report(train, test)
    assert (report.questions, report.identical, report.near_identical) == (2, 1, 1)


@pytest.mark.slow
def test_23_000_questions_take_seconds() -> None:
    draw = random.Random(3)  # noqa: S311  # a sample, no secret
    named = [f"w{number}" for number in range(4000)]
    forms = [" ".join(draw.sample(named, 8)) for _ in range(100)]
    texts = [f"{form} {draw.choice(named)} {draw.choice(named)}" for form, _ in product(forms, range(230))]
    questions = asked(texts, [draw.choice("abcde") for _ in texts])
    halves = questions.at(range(18_400)), questions.at(range(18_400, 23_000))
    started = time.process_time()
    with_groups(questions)
    leak_report(*halves)
    assert time.process_time() - started < 10
