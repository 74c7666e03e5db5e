"""Why questions went where they went: a router and questions in, words, stages and known questions out.

Each word is left out in turn (occlusion, Zeiler and Fergus 2014), which holds for every kind of router:
what the best label loses is what the word gave.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import punctuation

from tasks.router_runtime.composite import CascadeScorer, HierarchyScorer
from tasks.router_runtime.neural import NeuralScorer
from tasks.router_runtime.router import Router

NEAREST = 3
"""Known questions shown for each question."""
_ALIKE = 1e-9


@dataclass(frozen=True)
class Reason:
    """One word that counted for or against a label."""

    text: str
    weight: float
    """Probability that the label loses without the word; below 0: the word counted against it."""
    scope: float
    """Chance of being in scope that is lost without the word; below 0: the word counted for out of scope."""


@dataclass(frozen=True)
class Neighbour:
    """A question that the router was trained on."""

    text: str
    label: str
    cosine: float


@dataclass(frozen=True)
class PartAnswer:
    """What one part of a composite router says by itself."""

    name: str
    label: str
    """Empty where it holds all labels for equally likely, as keywords without a hit do."""
    confidence: float
    answered: bool
    """Whether this part decided."""


@dataclass(frozen=True)
class Explanation:
    """Why one question went where it went."""

    words: tuple[Reason, ...]
    """Every word of the question, the strongest first."""
    nearest: tuple[Neighbour, ...]
    """The nearest known questions, the nearest first; empty where the router keeps none."""
    parts: tuple[PartAnswer, ...]
    """What each part of a composite router says by itself; empty for other routers."""


def explain(router: Router, questions: Sequence[str]) -> list[Explanation]:
    """Return for each question why its most probable label is that one."""
    found = zip(
        word_reasons(router, questions),
        neighbours(router, questions),
        part_answers(router, questions),
        strict=True,
    )
    return [Explanation(tuple(words), nearest, parts) for words, nearest, parts in found]


def word_reasons(router: Router, questions: Sequence[str]) -> list[list[Reason]]:
    """Return what each word did for its question's most probable label, the strongest first.

    A word that comes twice is left out at both places. The router is asked once, about everything.
    """
    variants = [_variants(question) for question in questions]
    texts = [
        text
        for question, without in zip(questions, variants, strict=True)
        for text in (question, *without.values())
    ]
    scored = router.scorer.score(texts)
    shares, scopes = router.calibration.probabilities(scored.scores), router.in_scope(scored)
    reasons, start = [], 0
    for without in variants:
        column, end = shares[start].argmax(), start + 1 + len(without)
        weights = shares[start, column] - shares[start + 1 : end, column]
        lost = scopes[start] - scopes[start + 1 : end]
        found = map(Reason, without, weights.tolist(), lost.tolist())
        reasons.append(sorted(found, key=lambda reason: (-abs(reason.weight), -abs(reason.scope))))
        start = end
    return reasons


def _variants(question: str) -> dict[str, str]:
    """Return the question without each of its words, by the word as it is first written."""
    words = question.split()
    names = [word.strip(punctuation) or word for word in words]
    keys = [name.casefold() for name in names]
    first = dict(zip(reversed(keys), reversed(names), strict=True))
    return {
        first[key]: " ".join(word for word, other in zip(words, keys, strict=True) if other != key)
        for key in dict.fromkeys(keys)
    }


NEAREST = 3
"""Known questions shown for each question."""
_ALIKE = 1e-9


def part_answers(router: Router, questions: Sequence[str]) -> list[tuple[PartAnswer, ...]]:
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


def _stages(router: Router, cascade: CascadeScorer, questions: Sequence[str]) -> list[tuple[PartAnswer, ...]]:
    # The stage that answers is given the router's answer: a policy network may have overruled its own answer.
    answers = _opinions(router, questions)
    answering = cascade.score(questions).stages.tolist()
    opinions = [_opinions(stage, questions) for stage in cascade.stages]
    return [
        tuple(
            PartAnswer(
                name, *(answers if place == answering[row] else own)[row], answered=place == answering[row]
            )
            for place, (name, own) in enumerate(zip(cascade.stage_names, opinions, strict=True))
        )
        for row in range(len(questions))
    ]


def _levels(hierarchy: HierarchyScorer, questions: Sequence[str]) -> list[tuple[PartAnswer, ...]]:
    inside = dict(zip(hierarchy.coarse.labels, hierarchy.fine, strict=True))
    groups, _ = hierarchy.coarse.predict(questions)
    return [
        (
            PartAnswer("group", *coarse, answered=True),
            PartAnswer(f"within {group}", *_opinions(inside[group], [question])[0], answered=True),
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
