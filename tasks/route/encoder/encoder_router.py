"""Fit an encoder router: labelled questions in, a fine-tuned encoder with a linear head out.

What is held out is the questions that stop the training: the weights were not fitted on them, though
the epoch was chosen by them, so their scores flatter by the choice among a few epochs.
"""

import logging
from dataclasses import replace

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from tasks.route.encoder.encoder_scorer import bare_scorer, centroids_of, embed, with_examples
from tasks.route.encoder.fine_tuning import TrainingSides, fine_tune
from tasks.route.encoder.onnx_export import at_precision, export_graph
from tasks.route.encoder.pooling import read_encoder
from tasks.route.kinds.tuning import by_use, grouped
from tasks.route.kinds.uncalibrated import HeldOutScores, Resources, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import EncoderRouter

LOG = logging.getLogger(__name__)


def fit_encoder(
    train: Questions, validation: Questions | None, config: EncoderRouter, resources: Resources
) -> UncalibratedRouter:
    """Fine-tune the encoder, export it, and score the questions that stopped the training.

    Validation questions that lack a domain stop nothing: a grouped share of `train` does.
    Raises DataError where a domain has a single question.
    """
    sides = sides_of(train, validation, config)
    reader = read_encoder(resources.encoders[config.model], len(sides.labels), config.max_length)
    fine_tune(reader, sides, config, resources.scratch, resources.progress)
    graph = at_precision(export_graph(reader.model), config.precision)
    bare = bare_scorer(graph, reader, len(sides.labels), config)
    embeddings = embed(bare, sides.fitting.texts, resources.progress)
    targets = np.searchsorted(sides.labels, sides.fitting.labels)
    scorer = replace(bare, centroids=centroids_of(embeddings, targets, len(sides.labels)))
    known = np.flatnonzero(sides.fitting.of_use("both"))
    shipped = with_examples(
        scorer, embeddings[known], targets[known], sides.fitting.at(known.tolist()), config.kept_examples
    )
    return UncalibratedRouter(
        sides.labels, shipped, HeldOutScores(sides.held_out, shipped.score(sides.held_out.texts))
    )


def sides_of(train: Questions, validation: Questions | None, config: EncoderRouter) -> TrainingSides:
    """Return what is fitted on, and what is held out to stop by."""
    labels = tuple(train.domains)
    if validation and set(validation.labels) == set(labels):
        return TrainingSides(labels, train.fitting(), validation)
    groups, parts = grouped(train, round(1 / config.validation_share))
    if parts != round(1 / config.validation_share):
        LOG.warning("encoder: 1 in %d of the training questions is held out to stop by", parts)
    folds = StratifiedGroupKFold(parts, shuffle=True, random_state=config.seed)
    both, names = train.of_use("both"), np.asarray(groups)
    deal = folds.split(np.zeros(both.sum()), np.asarray(train.labels)[both], names[both])
    ((fitting, held),) = by_use(train, groups, [set(names[both][next(deal)[1]].tolist())])
    return TrainingSides(labels, train.at(fitting.tolist()), train.at(held.tolist()))
