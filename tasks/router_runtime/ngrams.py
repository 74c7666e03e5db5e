"""N-grams of a question, as scikit-learn's TfidfVectorizer makes them.

In: questions. Out: the l2-normalised weights of their known n-grams. Characters are counted inside
words, so that the columns of a word are found once and kept.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_matrix

from tasks.text.words import RUN

Floats = NDArray[np.floating]
_KEPT_WORDS = 50_000


class Ngrams(BaseModel):
    """One block of columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analyzer: Literal["word", "char_wb"]
    """Words, or characters inside words with a space at either end."""
    ngram_range: tuple[int, int]
    min_letters: Literal[1, 2] = 2
    """Shorter words are left out, where words are counted."""
    sublinear: bool = False
    """Count an n-gram that occurs n times as 1 + ln(n)."""
    vocabulary: tuple[str, ...] = Field(repr=False)
    """The n-gram of each column."""

    def weigh(self, questions: Sequence[str], idf: Floats) -> tuple[csr_matrix, Floats]:
        """Return the weights (questions, columns) in rows of length 1, or 0 where nothing is known.

        With them comes the share of each question's n-grams that are known (questions,).
        """
        pairs = list(map(self.find, questions))
        ends = np.cumsum([0, *(len(found) for found, _ in pairs)])
        columns = np.fromiter(chain.from_iterable(found for found, _ in pairs), np.int32, ends[-1]) - 1
        weights = csr_matrix((np.ones(len(columns)), columns, ends), (len(pairs), len(self.vocabulary)))
        weights.sum_duplicates()
        weights.data = self._counted(weights.data) * idf[weights.indices]
        rows = np.repeat(np.arange(len(pairs)), np.diff(weights.indptr))
        weights.data /= np.sqrt(np.bincount(rows, weights.data**2, len(pairs)))[rows]
        return weights, np.array([len(found) / max(1, total) for found, total in pairs])

    def weigh_one(self, question: str, idf: Floats) -> tuple[NDArray[np.intp], Floats, float]:
        """Return the known columns of one question, each once, their weights, and the share that is known.

        Building a matrix of one row would take longer than all else.
        """
        found, total = self.find(question)
        counts = Counter(found)
        columns = np.fromiter(counts, np.intp, len(counts)) - 1
        weights = self._counted(np.fromiter(counts.values(), float, len(counts))) * idf[columns]
        if len(columns):
            weights /= np.sqrt(weights @ weights)
        return columns, weights, len(found) / max(1, total)

    def _counted(self, counts: Floats) -> Floats:
        return 1 + np.log(counts) if self.sublinear else counts

    def find(self, question: str) -> tuple[list[int], int]:
        """Return the places of the known n-grams, counted from 1, and how many n-grams there are."""
        return self._words(question) if self.analyzer == "word" else self._characters(question)

    def _words(self, question: str) -> tuple[list[int], int]:
        words = longer = [run for run in RUN.findall(question.lower()) if len(run) >= self.min_letters]
        low, high = self.ngram_range
        grams = words if low == 1 else []
        for size in range(2, high + 1):
            longer = [*map(" ".join, zip(longer, words[size - 1 :], strict=False))]
            if size >= low:
                grams = grams + longer
        return self._known(grams), len(grams)

    def _characters(self, question: str) -> tuple[list[int], int]:
        kept, total = self._kept, 0
        found: list[int] = []
        for word in question.lower().split():
            if (seen := kept.get(word)) is None:
                grams = self._inside(word)
                seen = self._known(grams), len(grams)
                if len(kept) < _KEPT_WORDS:
                    kept[word] = seen
            found += seen[0]
            total += seen[1]
        return found, total

    def _inside(self, word: str) -> list[str]:
        padded = f" {word} "
        low, high = self.ngram_range
        if len(padded) < low:
            return [padded]
        return [
            padded[start : start + size]
            for size in range(low, min(high, len(padded)) + 1)
            for start in range(len(padded) - size + 1)
        ]

    def _known(self, grams: Sequence[str]) -> list[int]:
        # Counted from 1, so that what is not there can be filtered out at the speed of C.
        return [*filter(None, map(self._places.get, grams))]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {gram: place for place, gram in enumerate(self.vocabulary, 1)}

    @cached_property
    def _kept(self) -> dict[str, tuple[list[int], int]]:
        return {}
