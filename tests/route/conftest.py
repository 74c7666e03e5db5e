"""Questions of four domains that share some words, so that no router finds all of them."""

from dataclasses import replace

import numpy as np
import pytest

from tasks.route.measure.labelled_questions import Questions

OWN = {
    "code": ["python", "compiler", "recursion", "debugger", "variable", "function"],
    "law": ["contract", "court", "lawsuit", "statute", "tenant", "verdict"],
    "music": ["melody", "guitar", "rhythm", "chord", "orchestra", "singer"],
    "poetry": ["sonnet", "stanza", "haiku", "rhyme", "ballad", "metaphor"],
}
SHARED = {
    "code": ["syntax", "argument", "notes", "library"],
    "law": ["argument", "clause", "notes", "library"],
    "music": ["notes", "verse", "composition", "harmony"],
    "poetry": ["verse", "clause", "composition", "syntax"],
}
FORMS = ["What is {}?", "How do I learn about {}?", "Explain {} to me.", "Why is {} hard?", "Is {} like {}?"]


def draw(count: int, seed: int) -> Questions:
    """Return `count` questions of each domain; three of them share a group."""
    chance = np.random.default_rng(seed)
    rows = []
    for domain, own in OWN.items():
        for number in range(count):
            form = str(chance.choice(FORMS))
            words = [chance.choice(own if chance.random() < 0.7 else SHARED[domain]) for _ in range(2)]
            text = f"{form.format(*words)} Nr {number % 7}"
            rows.append((f"{domain}-{seed}-{number}", text, domain, f"{domain}-{seed}-{number // 3}"))
    return Questions(*(tuple(column) for column in zip(*rows, strict=True)))


@pytest.fixture(scope="session")
def library() -> Questions:
    """240 questions."""
    return draw(60, seed=1)


@pytest.fixture(scope="session")
def unseen_library() -> Questions:
    """Other questions of the same domains."""
    return draw(40, seed=2)


@pytest.fixture(scope="session")
def large_library() -> Questions:
    """800 questions."""
    return draw(200, seed=1)


@pytest.fixture(scope="session")
def large_unseen_library() -> Questions:
    """1,600 other questions of the same domains."""
    return draw(400, seed=2)


@pytest.fixture(scope="session")
def nonsense(library) -> Questions:
    """The questions with labels that they do not tell: who finds them has seen them."""
    labels = np.random.default_rng(3).permutation(library.labels)
    return replace(library, labels=tuple(labels.tolist()))
