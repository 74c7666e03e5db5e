"""Fit a cascade: labelled questions and the stages' settings in, a `CascadeScorer` out.

Thresholds and policy network are learned from what the stages make of questions that they had not seen, and
the held-out scores come from thresholds and networks that had not seen them either.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tasks.route.composite_config import CascadeRouter
from tasks.route.confidence.calibration import with_confidence
from tasks.route.confidence.unseen import unseen_by_all, unseen_scores
from tasks.route.config import RouteConfig
from tasks.route.kinds.single import fit_with_held_out
from tasks.route.kinds.tuning import folds
from tasks.route.kinds.uncalibrated import HeldOutScores, Resources, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.router_runtime.composite import CascadeScorer, Handover
from tasks.router_runtime.neural import NeuralScorer
from tasks.router_runtime.policy_network import PolicyNetwork
from tasks.router_runtime.question_scores import Floats, QuestionScores
from tasks.router_runtime.stage_evidence import StageEvidence, stage_evidence

LOG = logging.getLogger(__name__)
Rows = NDArray[np.int_]
Evidence = Sequence[StageEvidence]
"""That of every stage, on the same questions."""


def fit_cascade(
    train: Questions, validation: Questions | None, config: CascadeRouter, resources: Resources
) -> UncalibratedRouter:
    """Fit the stages one by one, then what hands questions over between them."""
    fitted = [
        fit_with_held_out(train, validation, stage.router, resources.inside(f"stage-{place}"))
        for place, stage in enumerate(config.stages)
    ]
    # Thresholds keep their promise on whatever is asked, so they rest on questions of either use.
    asked = train.joined(validation) if validation else train
    questions = replace(unseen_by_all([(one, train) for one in fitted], asked), uses=())
    stages = tuple(with_confidence(one, RouteConfig(), ()) for one in fitted)
    evidence = [
        stage_evidence(stage, unseen_scores(one, questions))
        for stage, one in zip(stages, fitted, strict=True)
    ]
    last = stages[-1].scorer
    if config.network and isinstance(last, NeuralScorer):
        evidence[-1] = replace(evidence[-1], embeddings=last.run(questions.texts)[0])
    labels = fitted[0].labels
    targets = np.array([labels.index(label) for label in questions.labels])
    held = _cross_decided(evidence, targets, questions, config)
    scorer = CascadeScorer(labels, stages, _learn(evidence, targets, config), _names(config))
    _tell(scorer, held)
    return UncalibratedRouter(labels, scorer, HeldOutScores(questions, held))


def _cross_decided(
    evidence: Evidence, targets: Rows, questions: Questions, config: CascadeRouter
) -> QuestionScores:
    """Decide each part of the questions by what was learned from the others."""
    scores = np.zeros((len(targets), evidence[0].log_probabilities.shape[1]))
    stages = np.zeros(len(targets), dtype=np.int_)
    for rest, rows in folds(questions, config.folds, config.seed):
        learned = _learn([one.at(rest) for one in evidence], targets[rest], config)
        decided = _decide(learned, [one.at(rows) for one in evidence])
        scores[rows], stages[rows] = decided.scores, decided.stages
    return QuestionScores(scores, np.zeros((len(targets), 0)), stages)


def _decide(handover: Handover, evidence: Evidence) -> QuestionScores:
    questions, labels = evidence[0].log_probabilities.shape
    return handover.decide(questions, labels, lambda place, rows: evidence[place].at(rows))


def _learn(evidence: Evidence, targets: Rows, config: CascadeRouter) -> Handover:
    """Return thresholds, each learned from what the stages before pass on, and the network."""
    thresholds, left = [], np.arange(len(targets))
    for stage, one in zip(config.stages[:-1], evidence, strict=False):
        here = one.at(left)
        learned = _threshold(here.log_probabilities, targets[left], config.max_errors)
        thresholds.append(learned if stage.threshold is None else stage.threshold)
        left = left[~here.confident(thresholds[-1])]
    return Handover(tuple(thresholds), _network(evidence, targets, config) if config.network else None)


def _network(evidence: Evidence, targets: Rows, config: CascadeRouter) -> PolicyNetwork:
    from tasks.route.kinds.policy_training import train_network

    return train_network(evidence, targets, config.hidden, config.seed)


def _threshold(log_probabilities: Floats, targets: Rows, max_errors: float) -> float:
    """Return the least confidence that at most `max_errors` of the questions above it contradict; else 1."""
    wrong = log_probabilities.argmax(axis=1) != targets
    levels, places = np.unique(-np.exp(log_probabilities.max(axis=1)), return_inverse=True)
    answered = np.bincount(places, minlength=len(levels)).cumsum()
    errors = np.bincount(places, wrong, minlength=len(levels)).cumsum()
    reached = np.flatnonzero(errors <= max_errors * answered)
    return float(min(1.0, -levels[reached[-1]])) if reached.size else 1.0


def _names(config: CascadeRouter) -> tuple[str, ...]:
    kinds = [stage.router.kind for stage in config.stages]
    names = [
        kind if kinds.count(kind) == 1 else f"{kind}-{kinds[: place + 1].count(kind)}"
        for place, kind in enumerate(kinds)
    ]
    return (*names[:-1], f"{names[-1]}+network" if config.network else names[-1])


def _tell(scorer: CascadeScorer, held: QuestionScores) -> None:
    answered = Counter(held.stages.tolist())
    shares = [
        f"{name} {answered[place] / len(held.stages):.1%}" for place, name in enumerate(scorer.stage_names)
    ]
    LOG.info("held-out questions answered by stage: %s", ", ".join(shares))


_EPOCHS, _BATCH, _RATE, _DECAY, _DROPOUT = 15, 64, 1e-3, 0.1, 0.2
