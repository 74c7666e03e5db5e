"""Fit a semantic router: labelled questions or descriptions in, sentence embeddings with a linear head out.

The encoder stays as it is, so its graph is exported once and kept; only the head is written into it.
"""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from tasks.kernel.errors import DataError
from tasks.route.encoder.encoder_scorer import bare_scorer, embed, with_examples
from tasks.route.encoder.onnx_export import at_precision, export_graph, with_head
from tasks.route.encoder.pooling import Reader, read_encoder
from tasks.route.kinds.semantic_heads import Head, fit_head, nearness
from tasks.route.kinds.uncalibrated import HeldOutScores, Resources, UncalibratedRouter
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import SemanticRouter
from tasks.router_runtime.neural import NeuralScorer
from tasks.router_runtime.question_scores import QuestionScores


def fit_semantic(train: Questions, config: SemanticRouter, resources: Resources) -> UncalibratedRouter:
    """Fit the head; held-out scores are out of fold, or of all questions where none were fitted on.

    Raises DataError where a domain lacks a description that the head needs, or has a single question.
    """
    labels = tuple(train.domains)
    described = _descriptions(labels, config)
    questions = _drawn(train, config)
    targets = np.searchsorted(labels, questions.labels)
    reader = read_encoder(resources.encoders[config.model], 1, config.max_length)
    graph = _exported(reader, config, resources.shared or resources.scratch)
    bare = bare_scorer(at_precision(graph, config.precision), reader, 1, config)
    embeddings = embed(bare, questions.texts, resources.progress)
    head, scored = (
        _described(bare, described, embeddings[questions.of_use("both", "held_out")])
        if config.head == "descriptions"
        else fit_head(embeddings, targets, questions, config)
    )
    model = at_precision(with_head(graph, head.weight, head.bias), config.precision)
    scorer = replace(bare, model=model, centroids=head.centroids)
    known = np.flatnonzero(questions.of_use("both"))
    shipped = with_examples(
        scorer, embeddings[known], targets[known], questions.at(known.tolist()), config.kept_examples
    )
    return UncalibratedRouter(labels, shipped, HeldOutScores(questions.asked(), scored))


def _descriptions(labels: tuple[str, ...], config: SemanticRouter) -> list[str]:
    if config.head != "descriptions":
        return []
    for label in labels:
        if not config.descriptions.get(label, "").strip():
            raise DataError(
                f"router.descriptions: none for domain {label}; say in a sentence what it is about,"
                " or choose another `head`"
            )
    return [config.descriptions[label] for label in labels]


def _drawn(train: Questions, config: SemanticRouter) -> Questions:
    """Return the shots with all text that is no question; questions that no weight learns stay out."""
    if config.shots is None:
        return train
    order = np.random.default_rng(config.seed).permutation(len(train.texts))
    order = order[train.of_use("both")[order]]
    labels = np.asarray(train.labels)[order]
    kept = [order[np.flatnonzero(labels == label)[: config.shots]] for label in train.domains]
    return train.at(sorted(np.concatenate([*kept, np.flatnonzero(train.of_use("fitted"))]).tolist()))


def _described(
    bare: NeuralScorer, described: list[str], embeddings: np.ndarray
) -> tuple[Head, QuestionScores]:
    head = nearness(bare.run(described)[0])
    return head, head.scored(embeddings)


def _exported(reader: Reader, config: SemanticRouter, scratch: Path) -> bytes:
    """Return the graph, exported once for all that are fitted with the same scratch folder."""
    kept = scratch / f"encoder-{sha256(config.model.model_dump_json().encode()).hexdigest()[:16]}.onnx"
    if not kept.is_file():
        scratch.mkdir(parents=True, exist_ok=True)
        started = kept.with_suffix(".part")
        started.write_bytes(export_graph(reader.model))
        started.rename(kept)
    return kept.read_bytes()
