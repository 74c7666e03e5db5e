"""What the router is: one of five kinds, of which `tfidf` and `tfidf-reference` are built.

In: YAML. Out: frozen values. The kinds that are not built validate all the same, so that
whole reference systems can be written down and planned.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tasks.models import Slice

REPOSITORY = r"^[\w.-]+(/[\w.-]+)?$"


def _require_ordered(field: str, ngrams: tuple[int, int]) -> None:
    low, high = ngrams
    if not 1 <= low <= high:
        raise ValueError(f"{field} {low}, {high}: write [shortest, longest] with 1 <= shortest")


class TfidfRouter(Slice):
    """TF-IDF of words and of characters inside words, and a linear support vector machine, calibrated."""

    kind: Literal["tfidf"] = "tfidf"
    word_ngrams: tuple[int, int] = (1, 2)
    """Shortest and longest n-gram, in words."""
    char_ngrams: tuple[int, int] | None = (2, 5)
    """Shortest and longest n-gram, in characters inside words; none: words alone."""
    min_df: int = Field(default=2, ge=1)
    """Drop character n-grams that fewer questions contain."""
    C: tuple[float, ...] = Field(default=(0.3, 1.0, 3.0), min_length=1, max_length=20)
    """Inverse strengths of the penalty, among which cross-validation chooses."""
    class_weight: Literal["none", "balanced"] = "none"
    """Whether errors on rare domains count more."""
    folds: int = Field(default=3, ge=2, le=20)
    """Parts of the cross-validation; questions of one passage stay in one part."""
    max_tuning_questions: int = Field(default=10_000, ge=100)
    """Questions that the cross-validation uses at most; of more, a seeded sample is taken."""
    max_iter: int = Field(default=1000, ge=1, le=100_000)
    """Steps of the solver at most."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws parts, samples and the stratified split."""
    test_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of the questions held out by the stratified split that the reference recipe reports."""

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
    """Draws the stratified split."""
    test_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of the questions held out by the stratified split that the reference recipe reports."""

    @model_validator(mode="after")
    def ngrams_ordered(self) -> "TfidfReferenceRouter":
        """Refuse an n-gram range that is empty or starts below one word."""
        _require_ordered("ngram_range", self.ngram_range)
        return self


LinearRouter = TfidfRouter | TfidfReferenceRouter


class SemanticRouter(Slice):
    """Nearest written description by sentence embedding."""

    kind: Literal["semantic"]
    model: str = Field(default="sentence-transformers/all-MiniLM-L6-v2", pattern=REPOSITORY)
    """Sentence encoder on the hub."""
    descriptions: dict[str, str] = Field(min_length=1)
    """What each domain is about, in words."""


class EncoderRouter(Slice):
    """A fine-tuned encoder with a classification head."""

    kind: Literal["encoder"]
    model: str = Field(default="distilbert-base-uncased", pattern=REPOSITORY)
    """Encoder on the hub."""
    num_epochs: int = Field(default=3, ge=1, le=100)
    """Passes over the training questions."""
    batch_size: int = Field(default=16, ge=1, le=1024)
    """Questions a step."""
    learning_rate: float = Field(default=2e-5, gt=0, le=1)
    """Peak step size of AdamW."""
    max_length: int = Field(default=256, ge=8, le=8192)
    """Tokens of a question that are read."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws the head's weights and the order of the questions."""


class CascadeStage(Slice):
    """One router of a cascade."""

    router: Annotated[
        TfidfRouter | TfidfReferenceRouter | SemanticRouter | EncoderRouter, Field(discriminator="kind")
    ]
    """What decides at this stage."""
    threshold: float = Field(default=0.7, ge=0, le=1)
    """Decide here at this confidence or above, else ask the next stage; the last always decides."""


class CascadeRouter(Slice):
    """Cheap routers first, costly ones for what stays unsure."""

    kind: Literal["cascade"]
    stages: tuple[CascadeStage, ...] = Field(min_length=2, max_length=8)
    """Asked in this order."""


RouterKind = Annotated[
    TfidfRouter | TfidfReferenceRouter | SemanticRouter | EncoderRouter | CascadeRouter,
    Field(discriminator="kind"),
]


class RouteConfig(Slice):
    """How questions find their expert."""

    router: RouterKind = TfidfRouter()
    """The router, by its `kind`."""

    def refusals(self) -> list[str]:
        """Say for each value that cannot be served yet what to use meanwhile."""
        if isinstance(self.router, LinearRouter):
            return []
        return [f"`router.kind`: {self.router.kind} is not built yet; use tfidf meanwhile"]
