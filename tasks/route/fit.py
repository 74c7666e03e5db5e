"""Fit a router: labelled questions in, a `Router` of plain arrays out.

scikit-learn fits, and its arrays are taken out at once: what is scored and stored is the
object that chat and evaluation load, not its scikit-learn twin.
"""

import logging
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from tasks.errors import DataError
from tasks.route.config import TfidfRouter
from tasks.route.questions import Questions
from tasks.router import Router

LOG = logging.getLogger(__name__)


def fit_router(questions: Questions, config: TfidfRouter) -> Router:
    """Fit TF-IDF and logistic regression; with one domain, a router that always chooses it.

    Raises DataError where no n-gram survives `min_df` and `max_df`.
    """
    if len(questions.domains) == 1:
        return constant_router(questions.domains[0], config)
    vectorizer, model = fit_sklearn(questions, config)
    coef, intercept = _row_for_each_label(model)
    return Router(
        labels=tuple(str(label) for label in model.classes_),
        ngram_range=config.ngram_range,
        vocabulary=tuple(vectorizer.get_feature_names_out().tolist()),
        coef=coef,
        intercept=intercept,
        idf=np.asarray(vectorizer.idf_, dtype=np.float64),
    )


def constant_router(domain: str, config: TfidfRouter) -> Router:
    """Return a router without features: its only label has probability 1."""
    return Router((domain,), config.ngram_range, (), np.zeros((1, 0)), np.zeros(1), np.zeros(0))


def fit_sklearn(questions: Questions, config: TfidfRouter) -> tuple[TfidfVectorizer, LogisticRegression]:
    """Fit the reference recipe; raise DataError where no n-gram survives."""
    vectorizer = TfidfVectorizer(
        max_features=config.max_features,
        ngram_range=config.ngram_range,
        min_df=config.min_df,
        max_df=config.max_df,
    )
    try:
        features = vectorizer.fit_transform(questions.texts)
    except ValueError as error:
        raise DataError(
            f"router: {len(questions.texts)} questions leave no n-grams ({error});"
            " lower `min_df`, raise `max_df`, or generate more pairs"
        ) from error
    model = LogisticRegression(max_iter=config.max_iter, C=config.C, random_state=config.seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(features, questions.labels)
    if caught:
        LOG.warning("the router had not converged after %d steps; raise `max_iter`", config.max_iter)
    return vectorizer, model


def _row_for_each_label(model: LogisticRegression) -> tuple[np.ndarray, np.ndarray]:
    """Write two labels as a softmax too: scikit-learn keeps one row, of the second label, for them."""
    coef = np.asarray(model.coef_, dtype=np.float64)
    intercept = np.asarray(model.intercept_, dtype=np.float64)
    if len(coef) > 1:
        return coef, intercept
    return np.vstack([np.zeros_like(coef), coef]), np.append(0.0, intercept)
