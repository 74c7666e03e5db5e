"""Mark questions that are nearer to another domain's passages than to their own.

In: questions by side, sources and an encoder. Out: a mark for each question. A question is compared with
every sentence of a domain's passages, and the best cosine says how near the domain is. Training questions are
compared with training passages alone: what a router learns from may not depend on passages that are held out.
Of a held-out question ambiguity is not learned but told: whether it could as well be asked of another domain
is a property of the question and of all that the domains say, its own passage included.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.records.dataset import Split
from tasks.route.material.sources import Source
from tasks.route.measure.labelled_questions import Questions
from tasks.router_runtime.question_scores import Floats

Marks = NDArray[np.bool_]
Embed = Callable[[Sequence[str]], Floats]
"""Texts in, vectors of length 1 out, the same one for the same text."""
_ROUNDING = 1e-5
"""How far apart two cosines may lie that are the same but for the texts beside them in a batch."""
_CHUNK = 1000


def marked(
    sides: Mapping[Split, Questions], sources: Sequence[Source], embed: Embed
) -> Mapping[Split, Marks]:
    """Return for each side which of its questions are ambiguous; with one domain, none is."""
    pieces = [(source, sentence) for source in sources for sentence in source.sentences()]
    texts = [text for questions in sides.values() for text in questions.texts]
    vectors = embed([*texts, *(sentence for _, sentence in pieces)])
    said, asked = vectors[len(texts) :], np.split(vectors[: len(texts)], _ends(sides))
    domains = np.array([source.domain for source, _ in pieces])
    train = np.array([source.split == "train" for source, _ in pieces])
    everything = np.ones_like(train)
    return {
        split: _nearer_elsewhere(asked[place], questions.labels, said[rows], domains[rows])
        for place, (split, questions) in enumerate(sides.items())
        for rows in [train if split == "train" else everything]
    }


def _ends(sides: Mapping[Split, Questions]) -> NDArray[np.int_]:
    ends: NDArray[np.int_] = np.cumsum([len(questions.texts) for questions in sides.values()])
    return ends[:-1]


def _nearer_elsewhere(asked: Floats, labels: Sequence[str], said: Floats, domains: NDArray[np.str_]) -> Marks:
    """Tell which questions have their best cosine in another domain; a domain that says nothing has none."""
    marks = np.zeros(len(asked), dtype=np.bool_)
    own = np.asarray(labels)
    for start in range(0, len(asked), _CHUNK):
        rows = slice(start, start + _CHUNK)
        cosines = asked[rows] @ said.T
        here = own[rows, None] == domains[None, :]
        inside = np.where(here, cosines, -np.inf).max(axis=1, initial=-np.inf)
        outside = np.where(here, -np.inf, cosines).max(axis=1, initial=-np.inf)
        marks[rows] = (outside > inside + _ROUNDING) & np.isfinite(inside)
    return marks
