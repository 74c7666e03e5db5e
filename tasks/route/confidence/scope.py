"""Learn what is in scope: held_out-out questions in, a `ScopeModel` out.

Without out-of-scope examples it is the energy of the calibrated scores (Liu et al. 2020): on CLINC150's
validation questions no single sign separates clearly better. A linear scorer's share of known words stands
beside it with a fixed weight, because there that finds 8 more of 100 questions out of scope where 4 of 100 in
scope are lost. With examples it is a logistic regression of all signs.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from tasks.kernel.errors import DataError
from tasks.router_runtime.confidence import ScopeModel
from tasks.router_runtime.question_scores import Floats, QuestionScores

LEAST_EXAMPLES = 10
_BEST, _ENERGY, _KNOWN_WORDS = 0, 1, 3
_KNOWN_WORDS_WEIGHT = 0.25
_STRENGTHS = (0.01, 0.1, 1.0, 10.0)
_FOLDS = 5
_NORMALISED = 1e-3
_VARIES = 1e-9


def learn_scope(
    held_out: QuestionScores, examples: QuestionScores | None, scale: float, seed: int, *, words: bool = False
) -> ScopeModel:
    """Return the model; `held_out` are questions in scope, `examples` others; `scale` calibrates scores.

    `words`: the first of the scorer's own signs is the share of known words. Raises DataError where there
    are examples, but too few to learn from.
    """
    signs = held_out.scaled(scale).all_signs()
    mean, deviation = signs.mean(axis=0), signs.std(axis=0)
    # What does not vary in scope tells nothing there, and its weight stays 0.
    varies = deviation > _VARIES * (1 + np.abs(mean))
    deviation = np.where(varies, deviation, 1.0)
    if examples is None:
        weights = np.eye(len(mean))[_sign(held_out, varies)]
        if words and len(weights) > _KNOWN_WORDS:
            weights[_KNOWN_WORDS] = _KNOWN_WORDS_WEIGHT * varies[_KNOWN_WORDS]
        return _model(mean, deviation, weights, 0.0, "in-scope questions")
    count = len(examples.scores)
    if count < LEAST_EXAMPLES:
        raise DataError(
            f"out_of_scope.train: {count} questions; give at least {LEAST_EXAMPLES}, or no such file at all"
        )
    others = (examples.scaled(scale).all_signs()[:, : len(mean)] - mean) / deviation * varies
    weights, intercept = _weigh((signs - mean) / deviation * varies, others, seed)
    return _model(
        mean, deviation, weights, intercept, f"in-scope questions and {count} out-of-scope examples"
    )


def _sign(held_out: QuestionScores, varies: np.ndarray) -> int:
    """Return the sign to go by: the energy, which misleads where the scores are log-probabilities."""
    unscaled = held_out.all_signs()[:, _ENERGY]
    return _ENERGY if varies[_ENERGY] and np.abs(unscaled).max() > _NORMALISED else _BEST


def _weigh(inside: Floats, outside: Floats, seed: int) -> tuple[Floats, float]:
    signs = np.vstack([inside, outside])
    belongs = np.arange(len(signs)) < len(inside)
    folds = StratifiedKFold(min(_FOLDS, len(outside), len(inside)), shuffle=True, random_state=seed)
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    search = GridSearchCV(model, {"C": _STRENGTHS}, scoring="roc_auc", cv=folds).fit(signs, belongs)
    return search.best_estimator_.coef_[0], float(search.best_estimator_.intercept_[0])


def _model(mean: Floats, deviation: Floats, weights: Floats, intercept: float, source: str) -> ScopeModel:
    return ScopeModel(
        mean=tuple(mean.tolist()),
        deviation=tuple(deviation.tolist()),
        weights=tuple(weights.tolist()),
        intercept=intercept,
        learned_from=source,
    )
