"""Fit a TF-IDF router: labelled questions in, a `LinearScorer` of plain arrays out.

scikit-learn fits, and its arrays are taken out at once: what is scored and stored is the
object that chat and evaluation load, not its scikit-learn twin.
"""

import logging
from typing import assert_never

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from tasks.kernel.errors import DataError
from tasks.route.config import LinearRouter
from tasks.route.kinds.classifiers import fitted, linear_scorer, row_for_each_label
from tasks.route.kinds.ngram_counts import count_ngrams
from tasks.route.kinds.tuning import choose, held_out
from tasks.route.kinds.uncalibrated import UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import TfidfReferenceRouter, TfidfRouter
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.ngrams import Ngrams

LOG = logging.getLogger(__name__)


def fit_linear(questions: Questions, config: LinearRouter) -> UncalibratedRouter:
    """Fit a linear router and score the questions that cross-validation leaves out.

    Raises DataError where no n-gram survives the limits, or a domain has a single question.
    """
    match config:
        case TfidfReferenceRouter():
            return _fit_reference(questions, config)
        case TfidfRouter():
            return _fit_tuned(questions, config)
        case _:
            assert_never(config)


def _fit_tuned(questions: Questions, config: TfidfRouter) -> UncalibratedRouter:
    counted = count_ngrams(questions.texts, config)
    labels, targets = np.unique(questions.labels, return_inverse=True)
    choice = choose(counted, questions, targets, config)
    LOG.info("chosen: %s, C = %g, class weights: %s", choice.family, choice.C, choice.class_weight)
    held = held_out(counted, questions, targets, choice, config)
    rows = np.flatnonzero(questions.of_use("both", "fitted"))
    features = counted.fitted(rows)
    model = choice.fit(features.weights, targets[rows], config)
    return UncalibratedRouter(tuple(labels.tolist()), linear_scorer(features, model), held)


def _fit_reference(questions: Questions, config: TfidfReferenceRouter) -> UncalibratedRouter:
    vectorizer, model = fit_reference(questions.fitting(), config)
    block = Ngrams(
        analyzer="word",
        ngram_range=config.ngram_range,
        vocabulary=tuple(vectorizer.get_feature_names_out().tolist()),
    )
    scorer = LinearScorer((block,), *row_for_each_label(model), vectorizer.idf_)
    return UncalibratedRouter(tuple(str(label) for label in model.classes_), scorer, held_out=None)


def fit_reference(
    questions: Questions, config: TfidfReferenceRouter
) -> tuple[TfidfVectorizer, LogisticRegression]:
    """Return scikit-learn's fitted parts of the reference recipe; raise DataError without n-grams."""
    vectorizer = TfidfVectorizer(
        max_features=config.max_features,
        ngram_range=config.ngram_range,
        min_df=config.min_df,
        max_df=config.max_df,
    )
    try:
        weights = vectorizer.fit_transform(questions.texts)
    except ValueError as error:
        raise DataError(
            f"router: {len(questions.texts)} questions leave no n-grams ({error});"
            " lower `min_df`, raise `max_df`, or generate more pairs"
        ) from error
    model = LogisticRegression(max_iter=config.max_iter, C=config.C, random_state=config.seed)
    return vectorizer, fitted(model, weights, np.asarray(questions.labels))
