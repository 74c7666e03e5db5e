"""Which words of a question tell its domain: training questions in, how typical of it each word is out.

Judged by counting on the training questions and never by a router: a suite that a router chose the words of
would flatter that router. A word speaks for a domain by the logarithm of how much likelier the domain is with
it than without, with counts smoothed towards the domain's share, so that rare words say little.
"""

import math
from collections import Counter

from tasks.route.measure.labelled_questions import Questions
from tasks.text.words import WORD

_SMOOTHING = 3.0
"""Questions' worth of the domain's share that are added to each word's count."""


class TypicalWords:
    """The words of training questions, and how much each speaks for a domain."""

    def __init__(self, train: Questions) -> None:
        """Count in how many questions of each domain a word occurs."""
        self._domains = Counter(train.labels)
        self._total = len(train.labels)
        pairs = zip(train.texts, train.labels, strict=True)
        self._both = Counter((word, label) for text, label in pairs for word in set(_lowered(text)))
        self._words: Counter[str] = Counter()
        for (word, _), count in self._both.items():
            self._words[word] += count
        self._best: dict[str, float] = {}
        for word, label in self._both:
            self._best[word] = max(self._best.get(word, 0.0), self.value(word, label))

    def value(self, word: str, domain: str) -> float:
        """Return how much `word` speaks for `domain`: above 0 for, below 0 against."""
        count, of_domain = self._words[word.lower()], self._both[word.lower(), domain]
        expected = of_domain * self._total / self._domains[domain] if of_domain else 0.0
        return math.log((expected + _SMOOTHING) / (count + _SMOOTHING))

    def words(self, text: str, domain: str) -> list[str]:
        """Return the words of `text` that speak for `domain` more than for others, most typical first."""
        values = {word: self.value(word, domain) for word in dict.fromkeys(WORD.findall(text))}
        own = (word for word in values if values[word] > 0 and values[word] >= self._best[word.lower()])
        return sorted(own, key=lambda word: -values[word])


def _lowered(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]
