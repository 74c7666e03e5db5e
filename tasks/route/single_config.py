"""The two TF-IDF kinds: the default, and the recipe to compare with.

In: YAML. Out: frozen values.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tasks.kernel.config import Slice
from tasks.models.sources import EmbeddedEncoder, FolderModel, HubModel, TinyEncoder

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


Encoder = Annotated[EmbeddedEncoder | HubModel | FolderModel | TinyEncoder, Field(discriminator="source")]
"""A sentence encoder or another BERT-like model, in the layout of `save_pretrained`."""


class SemanticRouter(Slice):
    """Sentence embeddings, and nearness to descriptions or examples, or a linear head."""

    kind: Literal["semantic"] = "semantic"
    model: Encoder = EmbeddedEncoder()
    """What makes the embeddings."""
    head: Literal["descriptions", "centroids", "linear"] = "linear"
    """Cosine with the description (zero-shot), or with the mean of the examples, or logistic regression."""
    descriptions: dict[str, str] = {}
    """What each domain is about, in words; needed by `head: descriptions`."""
    shots: int | None = Field(default=None, ge=2)
    """Training questions of each domain that are used at most, drawn by `seed` (few-shot); none: all. Two at
    least, since a question is held out to set the confidence by."""
    C: tuple[float, ...] = Field(default=(1.0, 10.0, 100.0), min_length=1, max_length=20)
    """Inverse strengths of the linear head's penalty, among which cross-validation chooses."""
    folds: int = Field(default=3, ge=2, le=20)
    """Parts of the cross-validation; questions of one group stay in one part."""
    max_length: int = Field(default=128, ge=8, le=8192)
    """Tokens of a question that are read."""
    precision: Literal["float32", "int8"] = "float32"
    """Type of the weights that ship. int8: a quarter of the size and half the time, but a question's scores
    move a little with the questions that are asked beside it."""
    kept_examples: int = Field(default=20, ge=0)
    """Known questions of each domain that ship with the router, for explanations."""
    seed: int = Field(default=42, ge=0, lt=2**32)


class EncoderRouter(Slice):
    """A fine-tuned encoder: mean of the last layer, length 1, and a linear head."""

    kind: Literal["encoder"] = "encoder"
    model: Encoder = EmbeddedEncoder()
    """What is fine-tuned; not the hub's DistilBERT by default: what the network decides is not repeatable."""
    num_epochs: int = Field(default=6, ge=1, le=100)
    """Passes over the training questions at most."""
    patience: int = Field(default=2, ge=1)
    """Stop after so many passes without a better loss on the validation questions."""
    batch_size: int = Field(default=64, ge=1, le=1024)
    """Questions a step."""
    learning_rate: float = Field(default=2e-4, gt=0, le=1)
    """Peak step size of AdamW."""
    max_length: int = Field(default=128, ge=8, le=8192)
    """Tokens of a question that are read."""
    validation_share: float = Field(default=0.1, gt=0, le=0.5)
    """Share of the training questions held out by group where the validation questions lack a domain."""
    precision: Literal["float32", "int8"] = "float32"
    """Type of the weights that ship. int8: a quarter of the size and half the time, but a question's scores
    move a little with the questions that are asked beside it."""
    kept_examples: int = Field(default=20, ge=0)
    """Known questions of each domain that ship with the router, for explanations."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws the order of the questions."""
