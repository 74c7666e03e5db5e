"""Tell what a data set's texts say from what a template or a prompt puts around all of them.

In: the texts of ready-made pairs. Out: the same texts without the words that are nobody's own. The template
need not be known: a prompt may stand in the data itself, in several wordings, before, behind or between what
differs. So stretches of words count by the share of the texts that have them, the longer the smaller. What a
teacher wrote is no part of the count: its questions are as they are.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tasks.records.dataset import Candidate, Example
from tasks.text.near import comparable
from tasks.text.words import WORD

_TIERS = ((1, 0.9), (3, 0.5), (5, 0.2), (8, 0.1))
"""Words in a row, and the share of the texts above which such a stretch is a frame."""
_ANCHORED = 3
"""Of such stretches, the beginning and the end of a text are part: a prompt may be one word."""
_FEWEST = 10
"""Texts below which nothing is called a frame, and that must have it: a few alike are copies."""
_COUNTED = 2000
"""Texts that are counted at most, evenly drawn."""
_FEWEST_OWN = 3
"""Words of its own below which a framed answer is a label in a sentence: `The review is positive.`"""
_EDGE = ""
Stretch = tuple[str, ...]


class Frame:
    """The stretches of words that most of some texts share."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count the stretches of `texts`; of fewer than ten, none is a frame."""
        step = -(-len(texts) // _COUNTED) or 1
        counted = [_words(comparable(text)) for text in texts[::step]]
        self._frames: dict[int, frozenset[Stretch]] = {}
        if len(counted) >= _FEWEST:
            counts = Counter(word for words in counted for word in set(words))
            self._frames = {
                length: _frequent(counted, counts, length, max(share * len(counted), _FEWEST - 1))
                for length, share in _TIERS
            }

    def bare(self, text: str) -> str:
        """Return what `text` says itself; nothing where it is all frame."""
        text = comparable(text)
        found = list(WORD.finditer(text))
        framed = self._framed([_plain(match) for match in found])
        if not framed:
            return text
        if len(framed) == len(found):
            return ""
        pieces, end = [], 0
        for at, match in enumerate(found):
            if at in framed:
                pieces.append(text[end : match.start()])
                end = match.end()
        return " ".join("".join([*pieces, text[end:]]).split())

    def _framed(self, words: list[str]) -> set[int]:
        """Return the places of the words that a frame covers."""
        return {
            place
            for length, frames in self._frames.items()
            if frames
            for at, stretch in _stretches(words, length)
            if stretch in frames
            for place in range(max(0, at), min(len(words), at + length))
        }


class Frames:
    """The frames of a domain's questions and of its longer answers."""

    def __init__(self, candidates: Iterable[Candidate], statement_words: int) -> None:
        """Count those of ready-made pairs; answers below `statement_words` words are labels."""
        ready = [one.example for one in candidates if not one.example.passage]
        self._statement_words = statement_words
        self._questions = Frame([one.question for one in ready])
        self._answers = Frame([one.answer for one in ready if _length(one.answer) >= statement_words])

    def asked(self, question: str) -> str:
        """Return what a question asks itself; all of it where it is nothing but frame."""
        return self._questions.bare(question) or comparable(question)

    def told(self, answer: str) -> str:
        """Return what an answer says itself; nothing of a label, which many examples rightly share."""
        words = _length(comparable(answer))
        bare = self._answers.bare(answer) if words >= self._statement_words else ""
        own = _length(bare)
        return bare if own == words or own >= _FEWEST_OWN else ""


def normal(example: Example) -> Example:
    """Return the example with its texts in the one spelling that is compared."""
    question, answer = comparable(example.question), comparable(example.answer)
    if (question, answer) == (example.question, example.answer):
        return example
    return example.model_copy(update={"question": question, "answer": answer})


def _frequent(
    counted: Sequence[list[str]], words: Counter[str], length: int, least: float
) -> frozenset[Stretch]:
    """Return the stretches that more than `least` texts have; a rare word can be in none of them."""
    common = {word for word, count in words.items() if count > least} | {_EDGE}
    found: Counter[Stretch] = Counter()
    for text in counted:
        found.update({stretch for _, stretch in _stretches(text, length) if common.issuperset(stretch)})
    return frozenset(stretch for stretch, count in found.items() if count > least)


def _stretches(words: list[str], length: int) -> Iterator[tuple[int, Stretch]]:
    """Yield each stretch with its place; one that reaches over an edge begins below 0 or ends behind all."""
    edge = length - 1 if length == _ANCHORED else 0
    padded = [*[_EDGE] * edge, *words, *[_EDGE] * edge] if words else []
    for at in range(len(padded) - length + 1):
        yield at - edge, tuple(padded[at : at + length])


def _length(text: str) -> int:
    return len(WORD.findall(text))


def _words(text: str) -> list[str]:
    return [_plain(match) for match in WORD.finditer(text)]


def _plain(match: re.Match[str]) -> str:
    return match[0].lower().replace("’", "'")
