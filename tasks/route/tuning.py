"""Choose the penalty of a linear classifier and calibrate its scores, on questions it was not fitted on.

In: features of the training questions. Out: the classifier to fit on all of them, and the factor of
its scores that makes their softmax honest: temperature scaling (Guo et al. 2017), fitted on the
scores of the parts that cross-validation leaves out. Questions of one passage stay in one part.
"""

import logging
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.svm import LinearSVC

from tasks.errors import DataError
from tasks.route.config import TfidfRouter
from tasks.route.questions import Questions, plain

LOG = logging.getLogger(__name__)
_MIN_FOLDS = 2
_LOG_SCALES = (-3.0, 5.0)
"""Natural logarithms of the least and greatest factor."""


def tune(features: object, questions: Questions, config: TfidfRouter) -> tuple[LinearSVC, float]:
    """Return the best classifier, unfitted, and the scale of its scores.

    Raises DataError where a domain has a single question.
    """
    chosen = _sample(len(questions.texts), config)
    sample = features[chosen]  # type: ignore[index]
    _, targets = np.unique(np.asarray(questions.labels)[chosen], return_inverse=True)
    groups, parts = grouped(questions.at(chosen.tolist()), config.folds)
    folds = StratifiedGroupKFold(parts, shuffle=True, random_state=config.seed)
    tried = []
    for strength in config.C:
        model = _classifier(strength, config)
        scores = cross_val_predict(
            model, sample, targets, groups=groups, cv=folds, method="decision_function"
        )
        scores = scores if scores.ndim > 1 else np.column_stack([-scores, scores])
        tried.append((float((scores.argmax(1) == targets).mean()), strength, scores))
    accuracy, strength, scores = max(tried, key=lambda row: row[0])
    LOG.info("C = %g finds %.1f %% of the questions of left-out passages", strength, 100 * accuracy)
    return _classifier(strength, config), _scale(scores, targets)


def _classifier(strength: float, config: TfidfRouter) -> LinearSVC:
    weight = None if config.class_weight == "none" else config.class_weight
    return LinearSVC(C=strength, class_weight=weight, max_iter=config.max_iter, random_state=config.seed)


def _sample(questions: int, config: TfidfRouter) -> np.ndarray:
    draw = np.random.default_rng(config.seed)
    return np.sort(draw.permutation(questions)[: config.max_tuning_questions])


def grouped(questions: Questions, folds: int) -> tuple[tuple[str, ...], int]:
    """Return what stays together, and in how many parts each domain can be found."""
    least = _least_groups(questions.labels, questions.groups)
    if least >= _MIN_FOLDS:
        return questions.groups, min(folds, least)
    LOG.warning("a domain's training questions come from one passage: its confidence may be too high")
    texts = tuple(map(plain, questions.texts))
    least = _least_groups(questions.labels, texts)
    if least < _MIN_FOLDS:
        raise DataError("router: a domain has a single training question; generate more pairs")
    return texts, min(folds, least)


def _least_groups(labels: Sequence[str], groups: Sequence[str]) -> int:
    return min(Counter(label for label, _ in set(zip(labels, groups, strict=True))).values())


def _scale(scores: np.ndarray, targets: np.ndarray) -> float:
    rows = np.arange(len(targets))

    def loss(log_scale: float) -> float:
        return -float(log_softmax(scores * np.exp(log_scale), axis=1)[rows, targets].mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_SCALES, method="bounded").x))
