"""Pins that the index of near duplicates finds exactly what comparing all with all finds."""

import random

from tasks.generate.selection.duplicates import NearDuplicates


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
