"""Make questions with typing errors: test questions in, a `Suite` out.

Written here because nlpaug has had no release since July 2022 and checklist none since 2021, textattack
brings torch, flair and 20 packages more, and the four slips of Damerau (1964) are a page. First letters
stay: typists seldom miss them (Yannakoudakis and Fawthrop 1983).
"""

import re

import numpy as np

from tasks.route.measure.labelled_questions import Questions
from tasks.route.suites.suite import Case, Suite, chosen, drawn

SHARE = 0.25
"""Of the words that are long enough, how many are mistyped; in each question at least one."""
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def typo_suite(test: Questions, draw: np.random.Generator) -> Suite:
    """Return the questions with at most one slip a word; without a word of four letters, none is made."""
    questions = drawn(test, draw)
    cases = [
        Case(mistyped(text, draw), (label,), (text,), "typos")
        for text, label in zip(questions.texts, questions.labels, strict=True)
        if _LONG_WORD.search(text)
    ]
    return Suite("typos", "The domain of the question as it was before the slips.", tuple(cases))


def mistyped(text: str, draw: np.random.Generator) -> str:
    """Return `text` with a slip in a quarter of its words of four letters and more, in one at least."""
    words = list(_LONG_WORD.finditer(text))
    hit = draw.random(len(words)) < SHARE
    hit[chosen(draw, len(words))] = True
    pieces, end = [], 0
    for match, wrong in zip(words, hit, strict=True):
        pieces += [text[end : match.start()], _slip(match[0], draw) if wrong else match[0]]
        end = match.end()
    return "".join([*pieces, text[end:]])


def _slip(word: str, draw: np.random.Generator) -> str:
    at = 1 + chosen(draw, len(word) - 2)
    before, letter, after, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
    slips = [before + after + rest, before + letter + letter + after + rest]
    if letter != after:
        slips.append(before + after + letter + rest)
    if keys := neighbours(letter.lower()):
        key = keys[chosen(draw, len(keys))]
        slips.append(before + (key.upper() if letter.isupper() else key) + after + rest)
    return slips[chosen(draw, len(slips))]


def neighbours(letter: str) -> str:
    """Return the keys that touch `letter` on a QWERTY keyboard; none for letters that are not on it."""
    for row, keys in enumerate(_ROWS):
        at = keys.find(letter)
        if at >= 0:
            above = _ROWS[row - 1][at : at + 2] if row else ""
            below = _ROWS[row + 1][max(at - 1, 0) : at + 1] if row + 1 < len(_ROWS) else ""
            return keys[max(at - 1, 0) : at] + keys[at + 1 : at + 2] + above + below
    return ""


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
