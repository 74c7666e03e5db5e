"""Why questions went where they went: a router and questions in, words, stages and known questions out.

Each word is left out in turn (occlusion, Zeiler and Fergus 2014), which holds for every kind of router:
what the best label loses is what the word gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import punctuation

from tasks.routing.router import Router
from tasks.routing.witnesses import Neighbour, Voice, neighbours, voices


@dataclass(frozen=True)
class Reason:
    """One word that spoke for or against a label."""

    text: str
    weight: float
    """Probability that the label loses without the word; below 0: the word spoke against it."""
    scope: float
    """Chance of being in scope that is lost without the word; below 0: the word spoke for out of scope."""


@dataclass(frozen=True)
class Explanation:
    """Why one question went where it went."""

    words: tuple[Reason, ...]
    """Every word of the question, the strongest first."""
    nearest: tuple[Neighbour, ...]
    """The nearest known questions, the nearest first; empty where the router keeps none."""
    voices: tuple[Voice, ...]
    """What each part of a composite router says by itself; empty for other routers."""


def explain(router: Router, questions: Sequence[str]) -> list[Explanation]:
    """Return for each question why its most probable label is that one."""
    parts = zip(
        word_reasons(router, questions),
        neighbours(router, questions),
        voices(router, questions),
        strict=True,
    )
    return [Explanation(tuple(words), nearest, said) for words, nearest, said in parts]


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
