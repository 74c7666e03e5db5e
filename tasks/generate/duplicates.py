"""Find texts that say nearly the same, exactly and without comparing all with all.

In: texts and a Jaccard threshold over their words. Out: whether a text has a near duplicate
among those added. Two sets that share enough must share one of their rarest words (prefix
filtering, Chaudhuri et al. 2006), so only those are looked up.
"""

import math
from collections import Counter
from collections.abc import Iterable

from tasks.generate.sentences import WORD


class NearDuplicates:
    """An index of word sets."""

    def __init__(self, vocabulary: Iterable[str], threshold: float) -> None:
        """Count the words of `vocabulary`, all texts that will be compared, to know the rare ones."""
        self._frequency = Counter(word for text in vocabulary for word in _words(text))
        self._threshold = threshold
        self._sets: list[frozenset[str]] = []
        self._by_word: dict[str, list[int]] = {}

    def add(self, text: str) -> None:
        """Remember `text`."""
        words = _words(text)
        for word in self._rarest(words):
            self._by_word.setdefault(word, []).append(len(self._sets))
        self._sets.append(words)

    def __contains__(self, text: str) -> bool:
        words = _words(text)
        near = {number for word in self._rarest(words) for number in self._by_word.get(word, ())}
        return any(_jaccard(words, self._sets[number]) >= self._threshold for number in near)

    def _rarest(self, words: frozenset[str]) -> list[str]:
        count = len(words) - math.ceil(self._threshold * len(words)) + 1
        return sorted(words, key=lambda word: (self._frequency[word], word))[:count]


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower())) or frozenset({text.strip()})


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
