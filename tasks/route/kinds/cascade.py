"""Fit a cascade: labelled questions and the stages' settings in, a `CascadeScorer` out.

Thresholds and policy network are learned from what the stages say of questions that they had not seen, and
the held-out scores come from thresholds and networks that had not seen them either.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch.nn.functional import cross_entropy, relu

from tasks.route.composite_config import CascadeRouter
from tasks.route.confidence.calibration import with_confidence
from tasks.route.confidence.unseen import unseen_by_all, unseen_scores
from tasks.route.config import RouteConfig
from tasks.route.kinds.fitted import Fitted, Held, Resources
from tasks.route.kinds.single import fit_held
from tasks.route.kinds.tuning import folds
from tasks.route.measure.questions import Questions
from tasks.router_runtime.composite import CascadeScorer, Handover
from tasks.router_runtime.network import PolicyNetwork, network_inputs
from tasks.router_runtime.neural import NeuralScorer
from tasks.router_runtime.scored import Floats, Scored
from tasks.router_runtime.stage_evidence import Heard, hear

LOG = logging.getLogger(__name__)
Rows = NDArray[np.int_]
Said = Sequence[Heard]
"""What every stage says of the same questions."""


def fit_cascade(
    train: Questions, validation: Questions | None, config: CascadeRouter, resources: Resources
) -> Fitted:
    """Fit the stages one by one, then what hands questions over between them."""
    fitted = [
        fit_held(train, validation, stage.router, resources.inside(f"stage-{place}"))
        for place, stage in enumerate(config.stages)
    ]
    questions = unseen_by_all(
        [(one, train) for one in fitted], train.joined(validation) if validation else train
    )
    stages = tuple(with_confidence(one, RouteConfig(), ()) for one in fitted)
    said = [hear(stage, unseen_scores(one, questions)) for stage, one in zip(stages, fitted, strict=True)]
    last = stages[-1].scorer
    if config.network and isinstance(last, NeuralScorer):
        said[-1] = replace(said[-1], embeddings=last.run(questions.texts)[0])
    labels = fitted[0].labels
    targets = np.array([labels.index(label) for label in questions.labels])
    held = _cross_decided(said, targets, questions, config)
    scorer = CascadeScorer(labels, stages, _learn(said, targets, config), _names(config))
    _tell(scorer, held)
    return Fitted(labels, scorer, Held(questions, held))


def _cross_decided(said: Said, targets: Rows, questions: Questions, config: CascadeRouter) -> Scored:
    """Decide each part of the questions by what was learned from the others."""
    scores = np.zeros((len(targets), said[0].log_probabilities.shape[1]))
    stages = np.zeros(len(targets), dtype=np.int_)
    for rest, rows in folds(questions, config.folds, config.seed):
        learned = _learn([one.at(rest) for one in said], targets[rest], config)
        decided = _decide(learned, [one.at(rows) for one in said])
        scores[rows], stages[rows] = decided.scores, decided.stages
    return Scored(scores, np.zeros((len(targets), 0)), stages)


def _decide(handover: Handover, said: Said) -> Scored:
    questions, labels = said[0].log_probabilities.shape
    return handover.decide(questions, labels, lambda place, rows: said[place].at(rows))


def _learn(said: Said, targets: Rows, config: CascadeRouter) -> Handover:
    """Return thresholds, each learned from what the stages before pass on, and the network."""
    thresholds, left = [], np.arange(len(targets))
    for stage, one in zip(config.stages[:-1], said, strict=False):
        here = one.at(left)
        learned = _threshold(here.log_probabilities, targets[left], config.max_errors)
        thresholds.append(learned if stage.threshold is None else stage.threshold)
        left = left[~here.confident(thresholds[-1])]
    return Handover(tuple(thresholds), _network(said, targets, config) if config.network else None)


def _network(said: Said, targets: Rows, config: CascadeRouter) -> PolicyNetwork:

    return train_network(said, targets, config.hidden, config.seed)


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


def _tell(scorer: CascadeScorer, held: Scored) -> None:
    answered = Counter(held.stages.tolist())
    shares = [
        f"{name} {answered[place] / len(held.stages):.1%}" for place, name in enumerate(scorer.stage_names)
    ]
    LOG.info("held-out questions answered by stage: %s", ", ".join(shares))


_EPOCHS, _BATCH, _RATE, _DECAY, _DROPOUT = 15, 64, 1e-3, 0.1, 0.2
_LEAST_DEVIATION = 1e-6


def train_network(heard: Sequence[Heard], targets: np.ndarray, hidden: int, seed: int) -> PolicyNetwork:
    """Return a network that finds `targets` (questions,) from what each stage said.

    AdamW with a falling step size; all draws come from `seed`.
    """
    inputs = network_inputs(heard)
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0)
    # What never varied here must not drown everything else when it does.
    deviation = np.where(deviation > _LEAST_DEVIATION, deviation, 1.0)
    draw = torch.Generator().manual_seed(seed)
    weights = _start(inputs.shape[1], hidden, heard[0].log_probabilities.shape[1], len(heard), draw)
    said = np.stack([one.log_probabilities for one in heard], axis=1)
    # Faster than several threads for matrices this small, and the same on every machine.
    with threadpool_limits(1):
        _descend(
            weights,
            torch.tensor((inputs - mean) / deviation, dtype=torch.float32),
            torch.tensor(said, dtype=torch.float32),
            torch.tensor(targets),
            draw,
        )
    inner, inner_bias, outer, outer_bias, trust = (one.detach().numpy().astype(float) for one in weights)
    return PolicyNetwork(mean, deviation, inner, inner_bias, outer, outer_bias, trust)


def _start(
    inputs: int, hidden: int, labels: int, stages: int, draw: torch.Generator
) -> tuple[torch.Tensor, ...]:
    """Return weights with which the network says what the stages agree on."""
    spread = inputs**-0.5
    weights = (
        torch.rand(inputs, hidden, generator=draw) * 2 * spread - spread,
        torch.zeros(hidden),
        torch.zeros(hidden, labels),
        torch.zeros(labels),
        torch.ones(stages),
    )
    return tuple(one.requires_grad_() for one in weights)


def _descend(
    weights: tuple[torch.Tensor, ...],
    inputs: torch.Tensor,
    said: torch.Tensor,
    targets: torch.Tensor,
    draw: torch.Generator,
) -> None:
    inner, inner_bias, outer, outer_bias, trust = weights
    optimizer = torch.optim.AdamW(weights, lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * -(-len(targets) // _BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    for _ in range(_EPOCHS):
        for rows in torch.randperm(len(targets), generator=draw).split(_BATCH):
            found = relu(inputs[rows] @ inner + inner_bias)
            kept = torch.rand(found.shape, generator=draw) >= _DROPOUT
            agreed = (trust[:, None] * said[rows]).sum(dim=1)
            scores = agreed + (found * kept / (1 - _DROPOUT)) @ outer + outer_bias
            optimizer.zero_grad()
            cross_entropy(scores, targets[rows]).backward()
            optimizer.step()
            schedule.step()
