"""Ask with one to three words: test questions and what their words tell in, a `Suite` out."""

import numpy as np

from tasks.near import WORD
from tasks.route.questions import Questions
from tasks.route.suites.suite import Case, Suite, chosen, drawn
from tasks.route.suites.telling import Telling

MAX_WORDS = 3


def short_suite(test: Questions, draw: np.random.Generator, telling: Telling) -> Suite:
    """Return the most telling words of each question, one to three of them, in the order of the question.

    A question without a word that speaks for its domain more than for any other in the training questions
    is left out: its words alone belong elsewhere.
    """
    questions = drawn(test, draw)
    cases = []
    for text, label in zip(questions.texts, questions.labels, strict=True):
        count = 1 + chosen(draw, MAX_WORDS)
        kept = telling.words(text, label)[:count]
        if kept:
            cases.append(Case(_in_order(text, kept), (label,), (text,), _form(len(kept))))
    return Suite("short", "The domain of the question that the words are from.", tuple(cases))


def _in_order(text: str, kept: list[str]) -> str:
    return " ".join(word for word in dict.fromkeys(WORD.findall(text)) if word in kept)


def _form(words: int) -> str:
    return "1 word" if words == 1 else f"{words} words"
