"""Pins features of a part of the questions: they are what scikit-learn makes of that part alone."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from tasks.kernel.errors import DataError
from tasks.route.kinds.ngram_counts import count_ngrams
from tasks.route.single_config import TfidfRouter

CONFIG = TfidfRouter(word_ngrams=(1, 2), char_ngrams=(2, 4), min_df=3)


def test_features_of_some_rows_know_nothing_of_the_others(library) -> None:
    rows = np.arange(0, len(library.texts), 2)
    part = [library.texts[row] for row in rows]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True)
    features = count_ngrams(library.texts, CONFIG).fitted(rows)
    wanted = np.hstack([one.fit_transform(part).toarray() for one in (words, characters)])
    assert [block.vocabulary for block in features.blocks] == [
        tuple(one.get_feature_names_out()) for one in (words, characters)
    ]
    np.testing.assert_allclose(features.weights.toarray(), wanted, rtol=0, atol=1e-6)
    np.testing.assert_allclose(features.weigh(part).toarray(), wanted, rtol=0, atol=1e-6)


def test_questions_without_words_are_refused() -> None:
    with pytest.raises(DataError, match="leave no n-grams"):
        count_ngrams(["?", "!"], CONFIG)
