"""Heads on sentence embeddings: embeddings of labelled questions in, weights and held-out scores out.

Every head is linear in the embedding, so that one graph serves them all: the centroids' cosines
are a head whose rows have length 1.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from tasks.route.encoder.encoder_scorer import centroids_of
from tasks.route.encoder.pooling import SCALE
from tasks.route.kinds.tuning import by_use, grouped
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import SemanticRouter
from tasks.router_runtime.question_scores import Floats, QuestionScores

LOG = logging.getLogger(__name__)
_MAX_ITER, _TOLERANCE = 1000, 1e-5
"""A looser tolerance ends where the weaker penalty's fit began."""


@dataclass(frozen=True)
class Head:
    """A linear head."""

    weight: Floats
    """(labels, width), of embeddings of length SCALE."""
    bias: Floats
    centroids: Floats
    """(labels, width): the best cosine with one is the sign of being in scope."""

    def scored(self, embeddings: Floats) -> QuestionScores:
        """Return what the shipped graph will say of questions with these embeddings of length 1."""
        scores = SCALE * embeddings.astype(np.float64) @ self.weight.T + self.bias
        return QuestionScores.of(scores, (embeddings @ self.centroids.T).max(axis=1, keepdims=True))


def nearness(centroids: Floats) -> Head:
    """Return the head whose scores are cosines with `centroids`, times SCALE."""
    return Head(centroids, np.zeros(len(centroids)), centroids)


def fit_head(
    embeddings: Floats, targets: np.ndarray, questions: Questions, config: SemanticRouter
) -> tuple[Head, QuestionScores]:
    """Return the head fitted on all rows of that use, and each question's scores by one without its group.

    Of the penalties in `config.C`, the one that finds most of the left-out questions is taken.
    Raises DataError where a domain has a single question.
    """
    strengths = sorted(config.C) if config.head == "linear" else [1.0]
    groups, parts = grouped(questions, config.folds)
    folds = StratifiedGroupKFold(parts, shuffle=True, random_state=config.seed)
    held_out: dict[float, list[tuple[np.ndarray, QuestionScores]]] = {strength: [] for strength in strengths}
    both, names, labels = questions.of_use("both"), np.asarray(groups), len(questions.domains)
    deal = folds.split(embeddings[both], targets[both], names[both])
    for inside, outside in by_use(questions, groups, [set(names[both][out].tolist()) for _, out in deal]):
        for strength, head in _heads(embeddings[inside], targets[inside], labels, strengths, config):
            held_out[strength].append((outside, head.scored(embeddings[outside])))
    scores = {strength: _in_order(parts) for strength, parts in held_out.items()}
    asked = targets[questions.of_use("both", "held_out")]
    right = {strength: float((one.scores.argmax(1) == asked).mean()) for strength, one in scores.items()}
    best = max(strengths, key=right.__getitem__)
    LOG.info("%s: finds %.1f %% of the left-out questions (C = %g)", config.head, 100 * right[best], best)
    rows = questions.of_use("both", "fitted")
    ((_, head),) = _heads(embeddings[rows], targets[rows], labels, [best], config)
    return head, scores[best]


def _heads(
    embeddings: Floats, targets: np.ndarray, labels: int, strengths: list[float], config: SemanticRouter
) -> Iterator[tuple[float, Head]]:
    """Fit one head for each strength, in rising order: each starts where the last one ended."""
    centroids = centroids_of(embeddings, targets, labels)
    if config.head != "linear":
        yield strengths[0], nearness(centroids)
        return
    model = LogisticRegression(warm_start=True, max_iter=_MAX_ITER, tol=_TOLERANCE)
    for strength in strengths:
        model.set_params(C=strength).fit(embeddings, targets)
        yield strength, Head(*_rows(model, labels), centroids)


def _rows(model: LogisticRegression, labels: int) -> tuple[Floats, Floats]:
    """Write one row a label: scikit-learn keeps one, of the second label, for two."""
    coef, intercept = np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64)
    if len(coef) == 1:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.append(-intercept, intercept) / 2
    # A label that a fold left out is the last one to be chosen.
    weight, bias = np.zeros((labels, coef.shape[1])), np.full(labels, intercept.min() - SCALE)
    weight[model.classes_], bias[model.classes_] = coef / SCALE, intercept
    return weight, bias


def _in_order(parts: list[tuple[np.ndarray, QuestionScores]]) -> QuestionScores:
    order = np.concatenate([rows for rows, _ in parts]).argsort()
    scores, signs, stages = (
        np.concatenate([getattr(scored, name) for _, scored in parts])[order]
        for name in ("scores", "signs", "stages")
    )
    return QuestionScores(scores, signs, stages)
