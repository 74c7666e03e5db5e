"""Calibrate a fitted classifier and set its thresholds, on questions that it was not fitted on.

In: a classifier with held-out scores. Out: a `Router` that knows how sure it is. Scores get a temperature
(Guo et al. 2017), by choice with isotonic regression (Zadrozny and Elkan 2002) on top.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.isotonic import IsotonicRegression

from tasks.kernel.errors import ConfigError
from tasks.route.confidence.scope import learn_scope
from tasks.route.confidence.thresholds import confidence_threshold, scope_threshold
from tasks.route.config import RouteConfig
from tasks.route.kinds.uncalibrated import HeldOutScores, UncalibratedRouter
from tasks.router_runtime.confidence import Calibration
from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.policy import Policy
from tasks.router_runtime.question_scores import Floats
from tasks.router_runtime.router import Router

LOG = logging.getLogger(__name__)
LEAST_ISOTONIC = 1000
"""Held-out questions below which isotonic regression fits their noise (scikit-learn's user guide, 1.16)."""
_LOG_SCALES = (-3.0, 5.0)
"""Natural logarithms of the least and greatest factor."""


def with_confidence(fitted: UncalibratedRouter, config: RouteConfig, out_of_scope: Sequence[str]) -> Router:
    """Return the classifier as a router with calibrated probabilities and thresholds.

    A kind without held-out scores keeps its own probabilities: the reference recipe. Raises ConfigError where
    a threshold is asked of it, DataError for out-of-scope examples that are too few.
    """
    if fitted.held_out is None:
        _refuse_targets(config)
        return Router(fitted.labels, fitted.scorer, policy=_policy(config))
    targets = _targets(fitted.held_out, fitted.labels)
    calibration = calibrate(fitted.held_out.scored.scores, targets, config.calibration)
    examples = fitted.scorer.score(out_of_scope) if out_of_scope else None
    words = isinstance(fitted.scorer, LinearScorer)
    scope = learn_scope(fitted.held_out.scored, examples, calibration.scale, config.seed, words=words)
    router = Router(fitted.labels, fitted.scorer, calibration, scope, _policy(config))
    return replace(router, policy=_with_thresholds(router, fitted.held_out, targets, config))


def calibrate(scores: Floats, targets: NDArray[np.int_], method: str) -> Calibration:
    """Return what makes probabilities of scores; `targets` (questions,) are the right columns."""
    scale = _scale(scores, targets)
    if method == "temperature":
        return Calibration(scale=scale)
    if len(scores) < LEAST_ISOTONIC:
        LOG.info(
            "calibration: %d held-out questions are too few for isotonic regression; temperature is used",
            len(scores),
        )
        return Calibration(scale=scale)
    return Calibration(scale=scale, knots=_knots(scale, scores, targets))


def _refuse_targets(config: RouteConfig) -> None:
    wanted = {"max_misrouted": config.max_misrouted, "max_false_rejections": config.max_false_rejections}
    for name, target in wanted.items():
        if target is not None:
            raise ConfigError(
                f"route.{name}: a {config.router.kind} router has no held-out scores to set a threshold on;"
                " choose another `router.kind`, or remove this target"
            )


def _policy(config: RouteConfig) -> Policy:
    return Policy(
        unsure=config.unsure,
        out_of_scope="refused" if config.out_of_scope == "refuse" else config.out_of_scope,
        refusal=config.refusal,
        top_k=config.top_k,
    )


def _targets(held: HeldOutScores, labels: tuple[str, ...]) -> NDArray[np.int_]:
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places[label] for label in held.questions.labels])


def _scale(scores: Floats, targets: NDArray[np.int_]) -> float:
    """Return the factor of least log-loss, where one question more is thought to be misrouted.

    Without it, questions that are all routed right would make certainties of all scores (Platt 1999).
    """
    rows = np.arange(len(targets))
    doubt = 1 / (len(targets) + 2)

    def loss(log_scale: float) -> float:
        right = log_softmax(scores * np.exp(log_scale), axis=1)[rows, targets]
        wrong = np.log(np.maximum(-np.expm1(right), np.finfo(float).tiny))
        return -float(((1 - doubt) * right + doubt * wrong).mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_SCALES, method="bounded").x))


def _knots(scale: float, scores: Floats, targets: NDArray[np.int_]) -> tuple[tuple[float, float], ...]:
    shares = Calibration(scale=scale).probabilities(scores)
    certain = 1 / (len(scores) + 2)
    model = IsotonicRegression(y_min=certain, y_max=1 - certain)
    model.fit(shares.max(axis=1), shares.argmax(axis=1) == targets)
    return tuple(zip(model.X_thresholds_.tolist(), model.y_thresholds_.tolist(), strict=True))


def _with_thresholds(
    router: Router, held: HeldOutScores, targets: NDArray[np.int_], config: RouteConfig
) -> Policy:
    policy, scope = router.policy, router.in_scope(held.scored)
    if config.max_false_rejections is not None:
        value, basis = scope_threshold(scope, config.max_false_rejections)
        policy = policy.model_copy(update={"min_scope": value, "scope_basis": basis})
    if config.max_misrouted is not None:
        shares = router.calibration.probabilities(held.scored.scores)
        answered = (scope >= policy.min_scope) | (policy.out_of_scope == "expert")
        value, basis = confidence_threshold(
            shares.max(axis=1)[answered],
            (shares.argmax(axis=1) == targets)[answered],
            config.max_misrouted,
        )
        policy = policy.model_copy(update={"min_confidence": value, "confidence_basis": basis})
    return policy
