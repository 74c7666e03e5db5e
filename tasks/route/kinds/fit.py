"""Fit a router of any kind: labelled questions in, a `Router` with honest confidence out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from tasks.route.composite_config import (
    BestRouter,
    Candidate,
    CascadeRouter,
    HierarchicalRouter,
    KeywordRouter,
)
from tasks.route.confidence.calibration import with_confidence
from tasks.route.config import RouteConfig, RouterKind
from tasks.route.kinds.best import fit_best
from tasks.route.kinds.cascade import fit_cascade
from tasks.route.kinds.hierarchical import fit_hierarchical
from tasks.route.kinds.single import fit_single, fit_with_held_out
from tasks.route.kinds.uncalibrated import Resources, UncalibratedRouter, constant_router
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import EncoderRouter, SemanticRouter, TfidfReferenceRouter, TfidfRouter
from tasks.router_runtime.router import Router


def fit_router(
    train: Questions,
    config: RouteConfig,
    resources: Resources,
    validation: Questions | None = None,
    out_of_scope: Sequence[str] = (),
) -> Router:
    """Fit a router, calibrate it and set its thresholds; with one domain, a router that always chooses it.

    `validation` holds questions that the weights are not fitted on, for kinds that stop early.
    `out_of_scope` are examples of questions that belong to no domain; none: thresholds rest on questions
    in scope alone. Raises DataError where a domain has too few questions.
    """
    if len(train.domains) == 1:
        return constant_router(train.domains[0])
    fitted = fit(train, validation, config.router, resources)
    return replace(with_confidence(fitted, config, out_of_scope), notes=fitted.notes)


def fit(
    train: Questions, validation: Questions | None, kind: RouterKind, resources: Resources
) -> UncalibratedRouter:
    """Fit a classifier of any kind on two or more domains."""
    match kind:
        case TfidfRouter() | TfidfReferenceRouter() | SemanticRouter() | EncoderRouter() | KeywordRouter():
            return fit_single(train, validation, kind, resources)
        case CascadeRouter():
            return fit_cascade(train, validation, kind, resources)
        case HierarchicalRouter():
            return fit_hierarchical(train, validation, kind, resources)
        case BestRouter():
            return fit_best(
                train,
                validation,
                kind,
                lambda one, name: _fit_candidate(train, validation, one, resources.inside(name)),
            )
        case _:
            assert_never(kind)


def _fit_candidate(
    train: Questions, validation: Questions | None, kind: Candidate, resources: Resources
) -> UncalibratedRouter:
    match kind:
        case CascadeRouter() | HierarchicalRouter():
            return fit(train, validation, kind, resources)
        case _:
            return fit_with_held_out(train, validation, kind, resources)
