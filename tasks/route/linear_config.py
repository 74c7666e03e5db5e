"""The two TF-IDF kinds: the default, and the recipe to compare with.

In: YAML. Out: frozen values.
"""

from typing import Literal

from pydantic import Field, model_validator

from tasks.models import Slice

Family = Literal["svm", "logistic"]
ClassWeight = Literal["none", "balanced"]


def _require_ordered(field: str, ngrams: tuple[int, int]) -> None:
    low, high = ngrams
    if not 1 <= low <= high:
        raise ValueError(f"{field} {low}, {high}: write [shortest, longest] with 1 <= shortest")


class TfidfRouter(Slice):
    """TF-IDF of words and of characters inside words, and a linear classifier, calibrated."""

    kind: Literal["tfidf"] = "tfidf"
    word_ngrams: tuple[int, int] = (1, 2)
    """Shortest and longest n-gram, in words."""
    char_ngrams: tuple[int, int] | None = (2, 5)
    """Shortest and longest n-gram, in characters inside words; none: words alone."""
    min_df: int = Field(default=2, ge=1)
    """Drop character n-grams that fewer questions contain."""
    C: tuple[float, ...] = Field(default=(0.1, 0.3, 1.0, 3.0), min_length=1, max_length=20)
    """Inverse strengths of the penalty, among which cross-validation chooses; `logistic` gets ten times
    as much."""
    families: tuple[Family, ...] = Field(default=("svm",), min_length=1)
    """Linear support vector machine, logistic regression or both: cross-validation chooses. The first is
    kept unless another is clearly better."""
    class_weights: tuple[ClassWeight, ...] = Field(default=("none", "balanced"), min_length=1)
    """Whether errors on rare domains count more: cross-validation chooses. The first is kept unless another
    is clearly better."""
    naive_bayes: float = Field(default=0.25, ge=0, le=10)
    """How much complement naive Bayes adds to the scores, in standard deviations of the classifier's own."""
    tuning_folds: int = Field(default=3, ge=2, le=20)
    """Parts of the cross-validation that chooses; questions of one group stay in one part."""
    max_tuning_questions: int = Field(default=10_000, ge=100)
    """Questions that it uses at most; of more, a seeded sample is taken."""
    folds: int = Field(default=5, ge=2, le=20)
    """Parts of the cross-validation whose scores of left-out questions set confidence and thresholds."""
    max_iter: int = Field(default=1000, ge=1, le=100_000)
    """Steps of the solver at most."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws parts and samples."""

    @model_validator(mode="after")
    def values_usable(self) -> "TfidfRouter":
        """Refuse n-gram ranges that are empty, and strengths that are not positive."""
        _require_ordered("word_ngrams", self.word_ngrams)
        if self.char_ngrams:
            _require_ordered("char_ngrams", self.char_ngrams)
        if min(self.C) <= 0:
            raise ValueError("C: give numbers above 0")
        return self


class TfidfReferenceRouter(Slice):
    """TF-IDF word n-grams and multinomial logistic regression: the recipe to compare with."""

    kind: Literal["tfidf-reference"] = "tfidf-reference"
    max_features: int = Field(default=5000, ge=1, le=1_000_000)
    """The most frequent n-grams kept."""
    ngram_range: tuple[int, int] = (1, 2)
    """Shortest and longest n-gram, in words."""
    min_df: int = Field(default=2, ge=1)
    """Drop n-grams that fewer questions contain."""
    max_df: float = Field(default=0.95, gt=0, le=1)
    """Drop n-grams that a larger share of the questions contain."""
    max_iter: int = Field(default=1000, ge=1, le=100_000)
    """Steps of the solver (L-BFGS) at most."""
    C: float = Field(default=1.0, gt=0, le=1e6)
    """Inverse strength of the L2 penalty."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws the order of the questions."""

    @model_validator(mode="after")
    def ngrams_ordered(self) -> "TfidfReferenceRouter":
        """Refuse an n-gram range that is empty or starts below one word."""
        _require_ordered("ngram_range", self.ngram_range)
        return self
