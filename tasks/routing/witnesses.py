"""What a router rests on: a router and questions in, what its stages say and the nearest known questions out.

Words explain every kind of router; these two explain those that have parts, or remember questions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.routing.cascade import CascadeScorer
from tasks.routing.hierarchy import HierarchyScorer
from tasks.routing.neural import NeuralScorer
from tasks.routing.router import Router

NEAREST = 3
"""Known questions shown for each question."""
_ALIKE = 1e-9


@dataclass(frozen=True)
class Voice:
    """What one part of a composite router says by itself."""

    name: str
    label: str
    """Empty where it holds all labels for equally likely, as keywords without a hit do."""
    confidence: float
    answered: bool
    """Whether this part decided."""


@dataclass(frozen=True)
class Neighbour:
    """A question that the router was trained on."""

    text: str
    label: str
    cosine: float


def voices(router: Router, questions: Sequence[str]) -> list[tuple[Voice, ...]]:
    """Return for each question what every stage of a cascade, or each level of a hierarchy, says."""
    match router.scorer:
        case CascadeScorer() as cascade:
            return _stages(router, cascade, questions)
        case HierarchyScorer() as hierarchy:
            return _levels(hierarchy, questions)
        case _:
            return [() for _ in questions]


def neighbours(router: Router, questions: Sequence[str]) -> list[tuple[Neighbour, ...]]:
    """Return for each question the nearest known ones, from the first part of the router that keeps some."""
    for labels, scorer in _encoders(router):
        if scorer.part.examples:
            return [
                tuple(
                    Neighbour(text, labels[place], cosine)
                    for text, place, cosine in scorer.nearest(question, NEAREST)
                )
                for question in questions
            ]
    return [() for _ in questions]


def _stages(router: Router, cascade: CascadeScorer, questions: Sequence[str]) -> list[tuple[Voice, ...]]:
    # The stage that answers speaks for the router: a policy network may have overruled its own answer.
    answers = _opinions(router, questions)
    answering = cascade.score(questions).stages.tolist()
    opinions = [_opinions(stage, questions) for stage in cascade.stages]
    return [
        tuple(
            Voice(
                name, *(answers if place == answering[row] else said)[row], answered=place == answering[row]
            )
            for place, (name, said) in enumerate(zip(cascade.stage_names, opinions, strict=True))
        )
        for row in range(len(questions))
    ]


def _levels(hierarchy: HierarchyScorer, questions: Sequence[str]) -> list[tuple[Voice, ...]]:
    inside = dict(zip(hierarchy.coarse.labels, hierarchy.fine, strict=True))
    groups, _ = hierarchy.coarse.predict(questions)
    return [
        (
            Voice("group", *coarse, answered=True),
            Voice(f"within {group}", *_opinions(inside[group], [question])[0], answered=True),
        )
        for question, group, coarse in zip(
            questions, groups, _opinions(hierarchy.coarse, questions), strict=True
        )
    ]


def _opinions(router: Router, questions: Sequence[str]) -> list[tuple[str, float]]:
    """Return each question's most probable label, or none where all are alike, with its probability."""
    labels, shares = router.predict(questions)
    abstains = (shares.max(axis=1) - shares.min(axis=1) < _ALIKE) & (shares.shape[1] > 1)
    rows = zip(labels, shares.max(axis=1).tolist(), abstains.tolist(), strict=True)
    return [("" if nothing else label, share) for label, share, nothing in rows]


def _encoders(router: Router) -> Iterator[tuple[tuple[str, ...], NeuralScorer]]:
    match router.scorer:
        case NeuralScorer() as scorer:
            yield router.labels, scorer
        case CascadeScorer() as cascade:
            for stage in cascade.stages:
                yield from _encoders(stage)
        case HierarchyScorer() as hierarchy:
            yield from _encoders(hierarchy.coarse)
