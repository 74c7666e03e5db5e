"""Pins the TF-IDF reader: n-grams and weights are scikit-learn's, for one question as for many."""

from itertools import product

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams
from tasks.router_runtime.phone.parity import parity_questions

TRAIN = [
    f"{opening} {topic}{mark}"
    for opening, topic, mark in product(
        ["What is", "how do I stop", "Why does", "I don't like", "Überall: is 3rd_x"],
        ["panic attacks", "washing hands", "low mood", "a racing heart", "naïve naïve hope", "ΣΊΣΥΦΟΣ"],
        ["?", "", " ?!"],
    )
]
QUESTIONS = parity_questions(TRAIN)
WORDS = {"token_pattern": r"(?u)\b\w+\b", "analyzer": "word"}


def scorer_like(vectorizer: TfidfVectorizer, labels: int = 3) -> LinearScorer:
    block = Ngrams(
        analyzer=vectorizer.analyzer,
        ngram_range=vectorizer.ngram_range,
        min_letters=1,
        sublinear=vectorizer.sublinear_tf,
        vocabulary=tuple(vectorizer.get_feature_names_out()),
    )
    draw = np.random.default_rng(0)
    return LinearScorer(
        (block,), draw.normal(size=(labels, len(block.vocabulary))), draw.normal(size=labels), vectorizer.idf_
    )


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2), (1, 3), (2, 2), (2, 4)])
@pytest.mark.parametrize("settings", [WORDS, WORDS | {"sublinear_tf": True}, {"analyzer": "char_wb"}])
def test_scores_are_those_of_scikit_learns_weights(ngrams, settings) -> None:
    vectorizer = TfidfVectorizer(ngram_range=ngrams, **settings).fit(TRAIN)
    scorer = scorer_like(vectorizer)
    wanted = vectorizer.transform(QUESTIONS) @ scorer.coef.T + scorer.intercept
    np.testing.assert_allclose(scorer.score(QUESTIONS).scores, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("settings", [WORDS | {"sublinear_tf": True}, {"analyzer": "char_wb"}])
def test_a_question_alone_scores_as_it_does_among_others(settings) -> None:
    scorer = scorer_like(TfidfVectorizer(ngram_range=(2, 3), **settings).fit(TRAIN))
    together = scorer.score(QUESTIONS)
    alone = [scorer.score([question]) for question in QUESTIONS]
    np.testing.assert_allclose(together.scores, np.vstack([one.scores for one in alone]), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(together.signs, np.vstack([one.signs for one in alone]))


def test_the_sign_is_the_share_of_known_ngrams() -> None:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), **WORDS).fit(["panic attacks pass", "low mood"])
    signs = scorer_like(vectorizer).score(["panic attacks", "panic mood", "zzz", ""]).signs
    assert signs.ravel().tolist() == [1, 2 / 3, 0, 0]
