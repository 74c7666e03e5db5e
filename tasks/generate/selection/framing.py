"""Tell what a data set's texts say from what a template or a prompt puts around all of them.

In: the texts of ready-made pairs. Out: the same texts without the words that are nobody's own. The template
need not be known: a prompt may stand in the data itself, in several wordings, before, behind or between what
differs. So stretches of words count by the share of the texts that have them, the longer the smaller. What a
teacher wrote is no part of the count: its questions are as they are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tasks.records.dataset import Candidate, Example
from tasks.text.near import comparable
from tasks.text.words import FUNCTION_WORDS, find_words, word_places

_TIERS = ((1, 0.9), (3, 0.5), (5, 0.2), (8, 0.1))
"""Words in a row, and the share of the texts above which such a stretch is a frame; no lone `the` is one."""
_EDGES = {1: 0, 3: 2, 5: 1, 8: 1}
"""How far stretches reach over the beginning and the end of a text: a prompt may be one word."""
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
        self._known: dict[str, str] = {}
        if len(counted) >= _FEWEST:
            counts = Counter(word for words in counted for word in set(words))
            found = {
                length: _frequent(counted, counts, length, max(share * len(counted), _FEWEST - 1))
                for length, share in _TIERS
            }
            self._frames = {length: frames for length, frames in found.items() if frames}

    def bare(self, text: str) -> str:
        """Return what `text` says itself; nothing where it is all frame."""
        if text not in self._known:
            self._known[text] = self._cut(comparable(text)) if self._frames else comparable(text)
        return self._known[text]

    def _cut(self, text: str) -> str:
        found = word_places(text)
        framed = self._framed([_plain(text[start:end]) for start, end in found])
        if not framed:
            return text
        if len(framed) == len(found):
            return ""
        pieces, last = [], 0
        for at, (start, end) in enumerate(found):
            if at in framed:
                pieces.append(text[last:start])
                last = end
        return " ".join("".join([*pieces, text[last:]]).split())

    def _framed(self, words: list[str]) -> set[int]:
        """Return the places of the words that a frame covers."""
        found: set[int] = set()
        for length, frames in self._frames.items():
            edge = _EDGES[length]
            for at, stretch in _stretches(_padded(words, edge), length):
                if stretch in frames:
                    found.update(range(max(0, at - edge), min(len(words), at - edge + length)))
        return found


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

    def said(self, answer: str) -> str:
        """Return what an answer says itself; all of it where it is a label or nothing but frame."""
        return (self._states(answer) and self._answers.bare(answer)) or comparable(answer)

    def told(self, answer: str) -> str:
        """Return what an answer says itself; nothing of a label, which many examples rightly share."""
        if not self._states(answer):
            return ""
        bare = self._answers.bare(answer)
        whole = bare == comparable(answer)
        return bare if whole or _length(bare) >= _FEWEST_OWN else ""

    def _states(self, answer: str) -> bool:
        return _length(comparable(answer)) >= self._statement_words

    def compared(self, example: Example) -> Example:
        """Return the example with what its texts say themselves."""
        return _changed(example, self.asked(example.question), self.said(example.answer))


def normal(example: Example) -> Example:
    """Return the example with its texts in the one spelling that is compared."""
    return _changed(example, comparable(example.question), comparable(example.answer))


def _changed(example: Example, question: str, answer: str) -> Example:
    if (question, answer) == (example.question, example.answer):
        return example
    return example.model_copy(update={"question": question, "answer": answer})


def _frequent(
    counted: Sequence[list[str]], words: Counter[str], length: int, least: float
) -> frozenset[Stretch]:
    """Return the stretches that more than `least` texts have, and half of those that have all but one end.

    What follows a prompt in a tenth of the texts is their own, although the prompt stands in all of them. A
    rare word can be in no such stretch.
    """
    common = {word for word, count in words.items() if count > least} | {_EDGE}
    common -= FUNCTION_WORDS if length == 1 else frozenset()
    found, parts = (_count(counted, size, _EDGES[length], common) for size in (length, length - 1))
    return frozenset(
        stretch
        for stretch, count in found.items()
        if count > least and 2 * count >= max(parts[stretch[:-1]], parts[stretch[1:]])
    )


def _count(counted: Sequence[list[str]], length: int, edge: int, common: set[str]) -> Counter[Stretch]:
    """Return in how many texts each stretch of common words stands."""
    found: Counter[Stretch] = Counter()
    for text in counted:
        padded = _padded(text, edge)
        found.update({stretch for _, stretch in _stretches(padded, length) if common.issuperset(stretch)})
    return found


def _padded(words: list[str], edge: int) -> list[str]:
    return [*[_EDGE] * edge, *words, *[_EDGE] * edge]


def _stretches(words: list[str], length: int) -> Iterator[tuple[int, Stretch]]:
    """Yield each stretch with the place of its first word."""
    for at in range(len(words) - length + 1 if length else 0):
        yield at, tuple(words[at : at + length])


def _length(text: str) -> int:
    return len(find_words(text))


def _words(text: str) -> list[str]:
    return [_plain(word) for word in find_words(text)]


def _plain(word: str) -> str:
    return word.lower().replace("’", "'")
