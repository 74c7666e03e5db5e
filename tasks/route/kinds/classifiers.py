"""The linear classifiers among which cross-validation chooses, and what ships of them.

In: weights of n-grams and targets. Out: coefficients. Some complement naive Bayes (Rennie et al. 2003) is
added to the discriminative classifier's: it is worse alone, but knows more of what rare words say.
"""

import logging
import warnings
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, assert_never

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from tasks.route.kinds.ngram_counts import Features, Rows
from tasks.route.single_config import ClassWeight, Family, TfidfRouter
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.question_scores import Floats

LOG = logging.getLogger(__name__)
Classifier: TypeAlias = "LogisticRegression | LinearSVC"
_SMOOTHING = 0.1
_LOGISTIC_STRENGTH = 10.0
"""The logistic loss wants a penalty about so much weaker than the squared hinge of the machine."""


class Linear(NamedTuple):
    """A fitted classifier."""

    coef: Floats
    """(labels, columns)."""
    intercept: Floats

    def predict(self, weights: csr_matrix) -> Rows:
        """Return the best label of each question, by its place."""
        best: Rows = (weights @ self.coef.T + self.intercept).argmax(axis=1)
        return best


@dataclass(frozen=True)
class Choice:
    """A linear classifier by its settings."""

    family: Family
    C: float
    class_weight: ClassWeight

    def fit(self, weights: csr_matrix, targets: Rows, config: TfidfRouter) -> Linear:
        """Return what is fitted on `weights` (questions, columns)."""
        coef, intercept = row_for_each_label(fitted(self.classifier(config), weights, targets))
        if config.naive_bayes:
            likely = ComplementNB(alpha=_SMOOTHING).fit(weights, targets).feature_log_prob_
            likely = likely - likely.mean(axis=0)
            spread = np.std(weights @ coef.T) / max(np.std(weights @ likely.T), np.finfo(float).tiny)
            coef = coef + config.naive_bayes * spread * likely
        return Linear(coef.astype(np.float32), intercept)

    def classifier(self, config: TfidfRouter) -> Classifier:
        """Return it unfitted."""
        weight = None if self.class_weight == "none" else self.class_weight
        match self.family:
            case "svm":
                return LinearSVC(
                    C=self.C, class_weight=weight, max_iter=config.max_iter, random_state=config.seed
                )
            case "logistic":
                return LogisticRegression(
                    C=_LOGISTIC_STRENGTH * self.C, class_weight=weight, max_iter=config.max_iter
                )
            case _:
                assert_never(self.family)


def fitted(model: Classifier, weights: csr_matrix, targets: Rows) -> Classifier:
    """Fit and return `model`, with one line in the log where it did not converge."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(weights, targets)
    if caught:
        LOG.warning("the router had not converged after %d steps; raise `max_iter`", model.max_iter)
    return model


def linear_scorer(features: Features, model: Linear) -> LinearScorer:
    """Return what ships of features and a classifier."""
    return LinearScorer(features.blocks, model.coef, model.intercept, features.idf)


def row_for_each_label(model: Classifier) -> tuple[Floats, Floats]:
    """Write two labels as two rows: scikit-learn keeps one, of the second label, for them."""
    coef, intercept = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(coef) > 1:
        return coef, intercept
    # Logistic regression's own probabilities are a softmax over 0 and the score; margins lie on both sides.
    first, low = (np.zeros_like(coef), 0.0) if isinstance(model, LogisticRegression) else (-coef, -intercept)
    return np.vstack([first, coef]), np.append(low, intercept)
