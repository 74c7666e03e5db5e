"""Ask the same in other words by templates: test questions in, a `Suite` out.

Frames of politeness and of a question stand around the question and leave it whole; rewrites replace the
words it opens with by others that ask the same. Both are English.
"""

import re

import numpy as np

from tasks.route.measure.labelled_questions import Questions
from tasks.route.suites.suite import Case, Suite, chosen, drawn

FRAMES = (
    "Hi there! {}",
    "Hello, I have a question: {}",
    "Quick question: {}",
    "Could you please help me with this? {}",
    "Please answer this for me: {}",
    "I have been wondering about something. {}",
    "{} Thanks in advance!",
    "{} Please keep it simple.",
    "Sorry to bother you, but here is my question: {}",
    "A friend asked me this and I did not know the answer: {}",
)
REWRITES = tuple(
    (re.compile(rf"^{opening}\b", re.IGNORECASE), other)
    for opening, other in (
        (r"what(?:'s|’s| is) the", "tell me the"),
        (r"what are the", "tell me the"),
        (r"what(?:'s|’s| is) meant by", "can you explain"),
        (r"what is", "what's"),
        (r"who is", "who's"),
        (r"how (?:do|can|should) (?:i|you|we|one)", "what is the way to"),
        (r"how (?:do|can|should) people", "what can people do to"),
        (r"how to", "what is the best way to"),
        (r"why (?=(?:is|are|do|does|did|was|were|can|should)\b)", "for what reason "),
        (r"(?:can|could|would|will) you (?:please )?", "i would like you to "),
        (r"i (?:want|need) to", "i would like to"),
        (r"tell me", "please let me know"),
        (r"please", "kindly"),
    )
)
_MARK = re.compile(r"[.?!…]$")


def paraphrase_suite(test: Questions, draw: np.random.Generator) -> Suite:
    """Return each question in a frame, or rewritten where one of the rewrites fits and the draw says so."""
    questions = drawn(test, draw)
    cases = []
    for text, label in zip(questions.texts, questions.labels, strict=True):
        other = rewritten(text) if draw.random() < 1 / 2 else None
        changed = other or framed(text, FRAMES[chosen(draw, len(FRAMES))])
        cases.append(Case(changed, (label,), (text,), "rewrite" if other else "frame"))
    return Suite("paraphrases", "The domain of the question inside the frame.", tuple(cases))


def framed(text: str, frame: str) -> str:
    """Return `text` inside `frame`, with a mark at its end where the frame goes on."""
    ended = text if _MARK.search(text) or frame.endswith("{}") else f"{text}."
    return frame.replace("{}", ended)


def rewritten(text: str) -> str | None:
    """Return `text` with other words for its opening, or None where no rewrite fits."""
    for opening, other in REWRITES:
        changed, count = opening.subn(other, text, count=1)
        if count:
            return changed[0].upper() + changed[1:] if text[0].isupper() else changed
    return None
