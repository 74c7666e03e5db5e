"""What a robustness suite is: questions made from held-out ones, and what counts as right.

A changed question never changes its domain, so a suite needs no annotator; each keeps the clean questions
that it was made of, so that the loss by the change can be told from what was hard before.
"""

from dataclasses import dataclass

import numpy as np

from tasks.route.measure.labelled_questions import Questions

MAX_QUESTIONS = 1000
"""Questions a suite is made of at most; of more, a seeded sample is taken."""


@dataclass(frozen=True)
class Case:
    """A changed question."""

    question: str
    domains: tuple[str, ...]
    """Right when the router's first `len(domains)` domains are these, in any order."""
    clean: tuple[str, ...]
    """The unchanged question of each domain."""
    form: str
    """How it was changed, in a word or two."""


@dataclass(frozen=True)
class Suite:
    """Questions changed in one manner."""

    name: str
    right: str
    """What counts as right, for the report."""
    cases: tuple[Case, ...]


def drawn(questions: Questions, draw: np.random.Generator) -> Questions:
    """Return the questions, or a sample of them in their order where they are many."""
    return questions.at(sorted(draw.permutation(len(questions.texts))[:MAX_QUESTIONS].tolist()))


def chosen(draw: np.random.Generator, count: int) -> int:
    """Return a number below `count`."""
    return int(draw.integers(count))
