"""Count n-grams once, then fit features on any part of the questions.

In: questions. Out: for chosen rows the columns, weights and block that `TfidfVectorizer` would give if it
saw these rows alone, so that folds leave questions out of the vocabulary as well, at the price of a slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from tasks.kernel.errors import DataError
from tasks.route.single_config import TfidfRouter
from tasks.router_runtime.ngrams import Ngrams
from tasks.text.words import RUN

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Features:
    """Features fitted on some questions, and their weights."""

    blocks: tuple[Ngrams, ...]
    idf: NDArray[np.floating]
    weights: csr_matrix
    """(questions, columns)."""

    def weigh(self, questions: Sequence[str]) -> csr_matrix:
        """Return the weights of other questions (questions, columns)."""
        ends = np.cumsum([len(block.vocabulary) for block in self.blocks])
        parts = zip(self.blocks, np.split(self.idf, ends[:-1]), strict=True)
        return hstack([block.weigh(questions, idf)[0] for block, idf in parts], format="csr")


@dataclass(frozen=True)
class CountedBlock:
    """All n-grams of one kind in all questions."""

    vectorizer: CountVectorizer
    min_df: int
    counts: csr_matrix
    names: NDArray[np.object_]

    def fitted(self, rows: Rows) -> tuple[Ngrams, NDArray[np.floating], csr_matrix]:
        """Return block, idf and weights of the n-grams that enough of `rows` contain."""
        counts = self.counts[rows]
        kept = np.flatnonzero(counts.getnnz(axis=0) >= self.min_df)
        transformer = TfidfTransformer(sublinear_tf=True)
        weights = transformer.fit_transform(counts[:, kept])
        block = Ngrams(
            analyzer=self.vectorizer.analyzer,
            ngram_range=self.vectorizer.ngram_range,
            min_letters=1,
            sublinear=True,
            vocabulary=tuple(self.names[kept].tolist()),
        )
        return block, transformer.idf_, weights


@dataclass(frozen=True)
class NgramCounts:
    """All n-grams of all questions, block by block."""

    parts: tuple[CountedBlock, ...]

    def fitted(self, rows: Rows) -> Features:
        """Return features fitted on `rows` alone; raise DataError where no n-gram is left."""
        found = [part.fitted(rows) for part in self.parts]
        if not sum(len(block.vocabulary) for block, _, _ in found):
            raise DataError(
                f"router: {len(rows)} questions leave no n-grams; lower `min_df`, or generate more pairs"
            )
        return Features(
            tuple(block for block, _, _ in found),
            np.concatenate([idf for _, idf, _ in found]),
            hstack([weights for _, _, weights in found], format="csr", dtype=np.float32),
        )


def count_ngrams(texts: Sequence[str], config: TfidfRouter) -> NgramCounts:
    """Count words and, where wanted, characters inside words; raise DataError where there are none."""
    words = CountVectorizer(ngram_range=config.word_ngrams, token_pattern=RUN.pattern, dtype=np.float32)
    parts = [_counted(words, 1, texts)]
    if config.char_ngrams:
        characters = CountVectorizer(analyzer="char_wb", ngram_range=config.char_ngrams, dtype=np.float32)
        parts.append(_counted(characters, config.min_df, texts))
    return NgramCounts(tuple(parts))


def _counted(vectorizer: CountVectorizer, min_df: int, texts: Sequence[str]) -> CountedBlock:
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise DataError(
            f"router: {len(texts)} questions leave no n-grams ({error}); generate more pairs"
        ) from error
    return CountedBlock(vectorizer, min_df, counts, vectorizer.get_feature_names_out())
