"""Fit a router that is made of no others: labelled questions and settings in, a classifier out."""

from dataclasses import replace
from typing import assert_never

import numpy as np

from tasks.route.composite_config import KeywordRouter, SingleRouter
from tasks.route.kinds.keyword_rules import fit_keywords
from tasks.route.kinds.tfidf import fit_linear
from tasks.route.kinds.tuning import folds
from tasks.route.kinds.uncalibrated import HeldOutScores, Resources, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import EncoderRouter, SemanticRouter, TfidfReferenceRouter, TfidfRouter
from tasks.router_runtime.question_scores import Floats, QuestionScores

_FOLDS, _SEED = 3, 42


def fit_single(
    train: Questions, validation: Questions | None, kind: SingleRouter, resources: Resources
) -> UncalibratedRouter:
    """Fit a classifier on two or more domains."""
    match kind:
        case TfidfRouter() | TfidfReferenceRouter():
            return fit_linear(train, kind)
        case KeywordRouter():
            return fit_keywords(train, kind)
        case SemanticRouter():
            from tasks.route.kinds.semantic import fit_semantic

            return fit_semantic(train, kind, resources)
        case EncoderRouter():
            from tasks.route.encoder.encoder_router import fit_encoder

            usable = validation if validation and validation.texts else None
            return fit_encoder(train, usable, kind, resources)
        case _:
            assert_never(kind)


def fit_with_held_out(
    train: Questions, validation: Questions | None, kind: SingleRouter, resources: Resources
) -> UncalibratedRouter:
    """Fit a classifier that has held-out scores: by cross-validation where its kind leaves nothing out."""
    fitted = fit_single(train, validation, kind, resources)
    if fitted.held_out is not None:
        return fitted
    left_out = [
        (rows, fit_single(train.at(rest), None, kind, resources), train.at(rows))
        for rest, rows in folds(train, _FOLDS, _SEED)
    ]
    order = np.concatenate([rows for rows, _, _ in left_out])
    scores = np.concatenate(
        [_aligned(one, one.scorer.score(some.texts), fitted.labels) for _, one, some in left_out]
    )
    signs = np.concatenate([one.scorer.score(some.texts).signs for _, one, some in left_out])
    return replace(fitted, held_out=HeldOutScores(train.at(order), QuestionScores.of(scores, signs)))


def _aligned(fitted: UncalibratedRouter, scored: QuestionScores, labels: tuple[str, ...]) -> Floats:
    """Return scores with a column for each of `labels`; one that a part never saw is its least likely."""
    found = np.tile(scored.scores.min(axis=1, keepdims=True), (1, len(labels)))
    found[:, [labels.index(label) for label in fitted.labels]] = scored.scores
    return found
