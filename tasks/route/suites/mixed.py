"""Mix domains in one question: test questions and typical words in, a `Suite` out.

Two forms, since only two have an answer that nobody need argue about. `topic`: a whole question of one domain
that names a word of another in passing ("write a poem about the sea, in connection with python"); right is
the domain that is asked. `both`: two questions of two domains in one breath; right are both domains among the
first two, in any order. With two domains there is no second form: any router would be right.
"""

from collections import defaultdict

import numpy as np

from tasks.route.measure.labelled_questions import Questions
from tasks.route.suites.suite import Case, Suite, chosen, drawn
from tasks.route.suites.typical_words import TypicalWords
from tasks.text.words import WORD, word_set

TOPICS = (
    "{question}, in connection with {topic}",
    "{question}, and I mean that with {topic} in mind",
    "I deal with {topic} a lot. {question}",
    "This came up while I was reading about {topic}. {question}",
)
JOINTS = ("{one} Also, {other}", "{one} And {other}", "{one} And another thing: {other}", "{one} {other}")
_SHORT = 3
"""Words of no more letters are seldom topics."""
_MARKS = ".?!…"


def mixed_suite(test: Questions, draw: np.random.Generator, typical: TypicalWords) -> Suite | None:
    """Return questions of two domains each, half of either form; None where there is one domain."""
    by_domain = defaultdict(list)
    for text, label in zip(test.texts, test.labels, strict=True):
        by_domain[label].append(text)
    if len(by_domain) == 1:
        return None
    questions, cases = drawn(test, draw), []
    for text, label in zip(questions.texts, questions.labels, strict=True):
        others = sorted(set(by_domain) - {label})
        other = others[chosen(draw, len(others))]
        theirs = by_domain[other][chosen(draw, len(by_domain[other]))]
        if len(others) > 1 and draw.random() < 1 / 2:
            joint = JOINTS[chosen(draw, len(JOINTS))]
            mixed = joint.format_map({"one": _ended(text), "other": theirs})
            cases.append(Case(mixed, (label, other), (text, theirs), "both"))
        elif topic := _topic(typical.words(theirs, other), text):
            frame = TOPICS[chosen(draw, len(TOPICS))]
            cases.append(Case(_with_topic(text, frame, topic), (label,), (text,), "topic"))
    right = "`topic`: the domain asked comes first. `both`: both domains are the first two, in any order."
    return Suite("mixed", right, tuple(cases))


def _topic(words: list[str], text: str) -> str | None:
    """Return the most typical word that may be a topic, and that the question does not name itself."""
    own = word_set(text)
    fit = (word for word in words if word.isalpha() and len(word) > _SHORT and word.lower() not in own)
    return next(fit, None)


def _with_topic(text: str, frame: str, topic: str) -> str:
    if not frame.startswith("{question}"):
        return frame.format_map({"question": text, "topic": topic})
    bare = text.rstrip(_MARKS)
    return frame.format_map({"question": bare, "topic": topic}) + text[len(bare) :]


def _ended(text: str) -> str:
    return text if text.endswith(tuple(_MARKS)) else f"{text}."


MAX_WORDS = 3


def short_suite(test: Questions, draw: np.random.Generator, typical: TypicalWords) -> Suite:
    """Return the most typical words of each question, one to three of them, in the order of the question.

    A question without a word that speaks for its domain more than for any other in the training questions
    is left out: its words alone belong elsewhere.
    """
    questions = drawn(test, draw)
    cases = []
    for text, label in zip(questions.texts, questions.labels, strict=True):
        count = 1 + chosen(draw, MAX_WORDS)
        kept = typical.words(text, label)[:count]
        if kept:
            cases.append(Case(_in_order(text, kept), (label,), (text,), _form(len(kept))))
    return Suite("short", "The domain of the question that the words are from.", tuple(cases))


def _in_order(text: str, kept: list[str]) -> str:
    return " ".join(word for word in dict.fromkeys(WORD.findall(text)) if word in kept)


def _form(words: int) -> str:
    return "1 word" if words == 1 else f"{words} words"
