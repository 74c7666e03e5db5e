"""Fit a router: labelled questions in, a `Router` of plain arrays out.

scikit-learn fits, and its arrays are taken out at once: what is scored and stored is the
object that chat and evaluation load, not its scikit-learn twin.
"""

import logging
import warnings
from typing import TypeAlias, assert_never

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from tasks.errors import DataError
from tasks.ngrams import Ngrams
from tasks.route.config import LinearRouter, TfidfReferenceRouter, TfidfRouter
from tasks.route.questions import Questions
from tasks.route.tuning import tune
from tasks.router import Router

LOG = logging.getLogger(__name__)
Classifier: TypeAlias = "LogisticRegression | LinearSVC"
_EVERY_WORD = r"(?u)\b\w+\b"


def fit_router(questions: Questions, config: LinearRouter) -> Router:
    """Fit a linear router; with one domain, a router that always chooses it.

    Raises DataError where no n-gram survives the limits.
    """
    if len(questions.domains) == 1:
        return constant_router(questions.domains[0])
    features, model, scale = fit_sklearn(questions, config)
    reference = isinstance(config, TfidfReferenceRouter)
    coef, intercept = _row_for_each_label(model, softmax=reference)
    return Router(
        labels=tuple(str(label) for label in model.classes_),
        blocks=tuple(_block(vectorizer) for _, vectorizer in features.transformer_list),
        coef=coef if reference else coef.astype(np.float32),
        intercept=intercept,
        idf=np.concatenate([vectorizer.idf_ for _, vectorizer in features.transformer_list]),
        scale=scale,
    )


def constant_router(domain: str) -> Router:
    """Return a router without features: its only label has probability 1."""
    return Router((domain,), (), np.zeros((1, 0)), np.zeros(1), np.zeros(0))


def fit_sklearn(questions: Questions, config: LinearRouter) -> tuple[FeatureUnion, Classifier, float]:
    """Return fitted features, classifier and the scale of its scores; raise DataError without n-grams."""
    match config:
        case TfidfReferenceRouter():
            features = _reference_features(config)
            model: Classifier = LogisticRegression(
                max_iter=config.max_iter, C=config.C, random_state=config.seed
            )
            scale = 1.0
        case TfidfRouter():
            features = _features(config)
            model, scale = tune(_transformed(features, questions), questions, config)
        case _:
            assert_never(config)
    _fit(model, _transformed(features, questions), questions.labels)
    return features, model, scale


def _reference_features(config: TfidfReferenceRouter) -> FeatureUnion:
    words = TfidfVectorizer(
        max_features=config.max_features,
        ngram_range=config.ngram_range,
        min_df=config.min_df,
        max_df=config.max_df,
    )
    return FeatureUnion([("words", words)])


def _features(config: TfidfRouter) -> FeatureUnion:
    words = TfidfVectorizer(
        ngram_range=config.word_ngrams, sublinear_tf=True, token_pattern=_EVERY_WORD, dtype=np.float32
    )
    if config.char_ngrams is None:
        return FeatureUnion([("words", words)])
    characters = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=config.char_ngrams,
        min_df=config.min_df,
        sublinear_tf=True,
        dtype=np.float32,
    )
    return FeatureUnion([("words", words), ("characters", characters)])


def _transformed(features: FeatureUnion, questions: Questions) -> object:
    try:
        return features.fit_transform(questions.texts)
    except ValueError as error:
        raise DataError(
            f"router: {len(questions.texts)} questions leave no n-grams ({error});"
            " lower `min_df`, raise `max_df`, or generate more pairs"
        ) from error


def _fit(model: Classifier, features: object, labels: tuple[str, ...]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(features, labels)
    if caught:
        LOG.warning("the router had not converged after %d steps; raise `max_iter`", model.max_iter)


def _block(vectorizer: TfidfVectorizer) -> Ngrams:
    return Ngrams(
        analyzer=vectorizer.analyzer,
        ngram_range=vectorizer.ngram_range,
        min_letters=1 if vectorizer.token_pattern == _EVERY_WORD else 2,
        sublinear=vectorizer.sublinear_tf,
        vocabulary=tuple(vectorizer.get_feature_names_out().tolist()),
    )


def _row_for_each_label(model: Classifier, *, softmax: bool) -> tuple[np.ndarray, np.ndarray]:
    """Write two labels as two rows: scikit-learn keeps one, of the second label, for them."""
    coef, intercept = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(coef) > 1:
        return coef, intercept
    # Logistic regression's own probabilities are a softmax over 0 and the score; margins lie on both sides.
    first = np.zeros_like(coef) if softmax else -coef
    return np.vstack([first, coef]), np.append(0.0 if softmax else -intercept, intercept)
