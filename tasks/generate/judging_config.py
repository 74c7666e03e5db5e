"""What makes a pair worth keeping.

In: YAML. Out: frozen values, with the reason code of a refusal beside each.
"""

from typing import Annotated, Literal

from pydantic import Field

from tasks.models import ModelSource, Slice


class NoJudge(Slice):
    """The rules alone decide."""

    kind: Literal["none"] = "none"

    @property
    def model(self) -> None:
        """Return None: rules need no model."""
        return


class EntailmentJudge(Slice):
    """A small natural language inference model tells whether the passage entails the answer."""

    kind: Literal["entailment"] = "entailment"
    model: ModelSource
    """A sequence classifier with a label `entailment`."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Probability of entailment below which a pair is refused as `not_entailed`."""
    batch_size: int = Field(default=16, ge=1, le=256)
    """Pairs judged side by side."""


class TeacherJudge(Slice):
    """A language model that sees the passage says whether it answers the question so."""

    kind: Literal["teacher"] = "teacher"
    model: ModelSource
    """A causal language model."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Probability of "yes" against "no" below which a pair is refused as `judged_wrong`."""
    batch_size: int = Field(default=8, ge=1, le=256)
    """Pairs judged side by side."""


Judge = Annotated[NoJudge | EntailmentJudge | TeacherJudge, Field(discriminator="kind")]


class JudgingConfig(Slice):
    """The checks of a pair against its own passage, and of all pairs of a domain against each other.

    Codes without a field here: `dangling_reference`, `leaked_prompt` and others for the question's form;
    `unsupported_number`, `unsupported_date`, `unsupported_name` (not in the passage), `polarity_differs` (a
    negation or a direction flipped), `repeated_part` (the evidence belongs to the passage before), and
    `contradicts` (another pair of the domain says otherwise).
    """

    judge: Judge = NoJudge()
    """A model that has the last word on each pair that the rules let through."""
    language: str | None = Field(default="en", pattern=r"^[a-z]{2}$")
    """ISO 639-1 code of the pairs' language, others are refused as `language`; none: any."""
    max_answer_words: int = Field(default=150, ge=1, le=5000)
    """Longer answers are refused as `length`."""
    min_grounded: float = Field(default=0.8, ge=0, le=1)
    """Share of the answer's content words that its passage must hold, else `ungrounded_answer`."""
    min_support: float = Field(default=0.5, ge=0, le=1)
    """Share of the question's content words near the evidence for the answer, else `irrelevant`."""
    min_relevance: float | None = Field(default=None, ge=-1, le=1)
    """Cosine of question and answer by all-MiniLM-L6-v2 below which a pair is `irrelevant`; none: any."""
    near_duplicate: float = Field(default=0.8, gt=0, le=1)
    """Questions or answers of a domain that share this much of their words (Jaccard) are near duplicates."""
    semantic_duplicate: float | None = Field(default=None, gt=0, le=1)
    """Cosine by all-MiniLM-L6-v2 from which on two pairs are near duplicates too; none: words decide."""
    leak_similarity: float = Field(default=0.7, gt=0, le=1)
    """Training pairs that share this much with a held-out or benchmark question or answer are dropped."""
    leak_ngram: int = Field(default=8, ge=3, le=50)
    """Words in a row that count as copied."""
    leak_ngram_share: float = Field(default=0.5, gt=0, le=1)
    """Share of a held-out or benchmark text that may not be covered by such copies."""
