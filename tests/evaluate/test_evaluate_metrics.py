"""Pins the text metrics: known values, answer and reference in the right places."""

from math import exp

import pytest

from tasks.evaluate.text_metrics import bleu, rouge_l


def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence() -> None:
    # Subsequence "the cat on mat": 4 of 5 answered words, 4 of 6 wanted ones.
    (score,) = rouge_l(["the cat slept on mat"], ["the cat sat on the mat"])
    assert score == pytest.approx(2 * (4 / 5) * (4 / 6) / (4 / 5 + 4 / 6))


def test_bleu_is_100_for_the_reference_and_falls_by_the_brevity_penalty() -> None:
    reference = "exposure therapy helps most people with panic attacks"
    assert bleu([reference], [reference]) == pytest.approx(100)
    # Every n-gram of the five words is right; three of eight words are missing.
    assert bleu(["exposure therapy helps most people"], [reference]) == pytest.approx(100 * exp(1 - 8 / 5))
