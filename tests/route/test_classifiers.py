"""Pins the default classifier: left-out questions choose the penalty, and naive Bayes has its part."""

import numpy as np
import pytest
from sklearn.naive_bayes import ComplementNB

from tasks.route.kinds.classifiers import Choice
from tasks.route.kinds.ngram_counts import count_ngrams
from tasks.route.kinds.tuning import choose
from tasks.route.single_config import TfidfRouter

TINY, USUAL = 1e-6, 1.0


def test_a_penalty_that_finds_fewer_left_out_questions_is_not_chosen(large_library) -> None:
    # So strong a penalty leaves the intercepts alone, which speak for the most frequent domain.
    frequent = [row for row, label in enumerate(large_library.labels) if label == "code" or row % 5 == 0]
    questions = large_library.at(frequent)
    config = TfidfRouter(C=(TINY, USUAL), naive_bayes=0, class_weights=("none",))
    targets = np.unique(questions.labels, return_inverse=True)[1]
    assert choose(count_ngrams(questions.texts, config), questions, targets, config).C == USUAL


def test_naive_bayes_adds_its_share_of_the_scores_spread(library) -> None:
    config = TfidfRouter()
    targets = np.unique(library.labels, return_inverse=True)[1]
    weights = count_ngrams(library.texts, config).fitted(np.arange(len(targets))).weights
    alone, mixed = (
        Choice("svm", USUAL, "none").fit(weights, targets, TfidfRouter(naive_bayes=share)).coef
        for share in (0.0, 0.25)
    )
    added = mixed - alone
    likely = ComplementNB(alpha=0.1).fit(weights, targets).feature_log_prob_
    likely = likely - likely.mean(axis=0)
    assert np.corrcoef(added.ravel(), likely.ravel())[0, 1] == pytest.approx(1, abs=1e-4)
    assert np.std(weights @ added.T) == pytest.approx(0.25 * np.std(weights @ alone.T), rel=1e-3)
