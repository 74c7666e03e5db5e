"""Pins that the index of near duplicates finds exactly what comparing all with all finds."""

import random

import pytest

from tasks.text.near import NearDuplicates, chains


def jaccard(one: str, other: str) -> float:
    left, right = set(one.split()), set(other.split())
    return len(left & right) / len(left | right)


def test_index_equals_brute_force() -> None:
    draw = random.Random(7)  # noqa: S311  # a sample, no secret
    words = [f"w{number}" for number in range(14)]
    texts = [" ".join(draw.sample(words, draw.randint(1, 9))) for _ in range(400)]
    for threshold in (0.5, 0.8, 1.0):
        index = NearDuplicates(texts, threshold)
        for at, text in enumerate(texts):
            near = [number for number, other in enumerate(texts[:at]) if jaccard(text, other) >= threshold]
            assert index.near(text) == near
            assert (text in index) == bool(near)
            index.add(text)


def test_case_and_punctuation_do_not_hide_a_duplicate() -> None:
    index = NearDuplicates(["What is OCD?"], 0.8)
    index.add("What is OCD?")
    assert "what is ocd" in index
    assert "What is anxiety?" not in index


@pytest.mark.parametrize("threshold", [0.5, 0.8, 1.0])
def test_chains_join_what_comparing_all_with_all_joins(threshold) -> None:
    draw = random.Random(11)  # noqa: S311  # a sample, no secret
    words = [f"w{number}" for number in range(20)]
    texts = [" ".join(draw.sample(words, draw.randint(1, 9))) for _ in range(250)]
    joined = [{number} for number in range(len(texts))]
    for at, text in enumerate(texts):
        for other in range(at):
            if jaccard(text, texts[other]) >= threshold and joined[at] is not joined[other]:
                joined[at] |= joined[other]
                for member in joined[at]:
                    joined[member] = joined[at]
    found = chains(texts, threshold)
    members = [{other for other, chain in enumerate(found) if chain == found[at]} for at in range(len(texts))]
    assert members == joined
    assert 1 < len(set(found)) < len(texts)
