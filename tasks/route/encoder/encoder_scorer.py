"""Make and use the classifier that ships: a graph, its tokenizer and known questions in, a scorer out.

Embeddings and held-out scores are read from the graph that ships, not from torch, so that heads,
thresholds and calibration fit its very numbers, at int8 too.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from tasks.kernel.workspace import Progress
from tasks.route.encoder.pooling import Reader
from tasks.route.measure.labelled_questions import Questions
from tasks.route.single_config import EncoderRouter, SemanticRouter
from tasks.router_runtime.neural import NeuralPart, NeuralScorer
from tasks.router_runtime.question_scores import Floats

_CHUNK = 512
"""Questions between two reports of progress."""


def bare_scorer(
    graph: bytes, reader: Reader, labels: int, config: SemanticRouter | EncoderRouter
) -> NeuralScorer:
    """Return a scorer without knowledge of any question: its centroids are zeros."""
    width = reader.model.encoder.config.hidden_size
    part = NeuralPart(max_length=reader.max_length, width=width, precision=config.precision)
    centroids, examples = (np.zeros((rows, width), dtype=np.float32) for rows in (labels, 0))
    return NeuralScorer(part, graph, reader.tokenizer, centroids, examples)


def embed(scorer: NeuralScorer, texts: Sequence[str], progress: Progress) -> Floats:
    """Return embeddings (questions, width), on every core that this process may use."""
    scorer.run(texts[:1])
    chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    found: list[Floats] = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for embeddings, _ in pool.map(scorer.run, chunks):
            found.append(embeddings)
            progress(min(len(found) * _CHUNK, len(texts)), len(texts), "questions")
    embedded: Floats = np.concatenate(found)
    return embedded


def centroids_of(embeddings: Floats, targets: np.ndarray, labels: int) -> Floats:
    """Return the direction of each label's mean embedding (labels, width); zeros for one without any."""
    sums = np.zeros((labels, embeddings.shape[1]))
    np.add.at(sums, targets, embeddings)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    centroids: Floats = (sums / np.maximum(lengths, np.finfo(float).tiny)).astype(np.float32)
    return centroids


def with_examples(
    scorer: NeuralScorer, embeddings: Floats, targets: np.ndarray, questions: Questions, count: int
) -> NeuralScorer:
    """Return the scorer with `count` known questions of each label, for explanations."""
    rows = [
        int(members[place])
        for members in (np.flatnonzero(targets == label) for label in np.unique(targets))
        for place in _spread(embeddings[members], count)
    ]
    part = scorer.part.model_copy(
        update={
            "examples": tuple(questions.texts[row] for row in rows),
            "example_labels": tuple(int(targets[row]) for row in rows),
        }
    )
    return replace(scorer, part=part, example_embeddings=embeddings[rows])


def _spread(embeddings: Floats, count: int) -> list[int]:
    """Choose rows that lie apart: the most typical first, then always the farthest (Gonzalez 1985)."""
    if count == 0:
        return []
    chosen = [int((embeddings @ embeddings.mean(axis=0)).argmax())]
    nearest = embeddings @ embeddings[chosen[0]]
    while len(chosen) < min(count, len(embeddings)):
        nearest[chosen] = np.inf
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, embeddings @ embeddings[chosen[-1]])
    return chosen
