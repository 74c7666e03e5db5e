"""Make questions in other letter case or without marks: test questions in, a `Suite` out.

Each question takes one form, drawn among those that differ from it: of questions that are in lower case
already, writing them in lower case would measure nothing.
"""

import re

import numpy as np

from tasks.route.questions import Questions
from tasks.route.suites.suite import Case, Suite, chosen, drawn

_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
_MARKS = re.compile(r"[^\w\s]")


def casing_suite(test: Questions, draw: np.random.Generator) -> Suite:
    """Return the questions in another form; those that look the same in every form are left out."""
    questions = drawn(test, draw)
    cases = []
    for text, label in zip(questions.texts, questions.labels, strict=True):
        others = [(form, changed) for form, changed in forms(text).items() if changed not in ("", text)]
        if others:
            form, changed = others[chosen(draw, len(others))]
            cases.append(Case(changed, (label,), (text,), form))
    return Suite("casing", "The domain of the question as it was written.", tuple(cases))


def forms(text: str) -> dict[str, str]:
    """Return `text` in lower, upper and title case, and without punctuation."""
    return {
        "lower": text.lower(),
        "upper": text.upper(),
        "title": " ".join(word[:1].upper() + word[1:].lower() for word in text.split()),
        "no marks": " ".join(_MARKS.sub(" ", _APOSTROPHE.sub("", text)).split()),
    }
