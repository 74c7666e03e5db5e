"""N-grams of a question, as scikit-learn's TfidfVectorizer makes them.

In: questions. Out: the l2-normalised weights of their known n-grams. Characters are counted inside
words, so that the columns of a word are found once and kept.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_matrix

Floats = NDArray[np.floating]
_WORD = {1: re.compile(r"\b\w+\b"), 2: re.compile(r"\b\w\w+\b")}
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

    def weigh(self, questions: Sequence[str], idf: Floats) -> csr_matrix:
        """Return the weights (questions, columns) in rows of length 1, or 0 where nothing is known."""
        find = self._words if self.analyzer == "word" else self._characters
        found = [find(question) for question in questions]
        ends = np.cumsum([0, *map(len, found)])
        columns = np.fromiter(chain.from_iterable(found), dtype=np.int32, count=ends[-1])
        weights = csr_matrix((np.ones(len(columns)), columns, ends), (len(found), len(self.vocabulary)))
        weights.sum_duplicates()
        counts = 1 + np.log(weights.data) if self.sublinear else weights.data
        weights.data = counts * idf[weights.indices]
        rows = np.repeat(np.arange(len(found)), np.diff(weights.indptr))
        lengths = np.sqrt(np.bincount(rows, weights.data**2, len(found)))
        weights.data /= lengths[rows]
        return weights

    def _words(self, question: str) -> list[int]:
        words, known = _WORD[self.min_letters].findall(question.lower()), self._columns
        low, high = self.ngram_range
        grams = (
            " ".join(words[start : start + size])
            for size in range(low, high + 1)
            for start in range(len(words) - size + 1)
        )
        return [known[gram] for gram in grams if gram in known]

    def _characters(self, question: str) -> list[int]:
        kept, found = self._kept, []
        for word in question.lower().split():
            if (columns := kept.get(word)) is None:
                columns = [self._columns[gram] for gram in self._inside(word) if gram in self._columns]
                if len(kept) < _KEPT_WORDS:
                    kept[word] = columns
            found += columns
        return found

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

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {gram: column for column, gram in enumerate(self.vocabulary)}

    @cached_property
    def _kept(self) -> dict[str, list[int]]:
        return {}
