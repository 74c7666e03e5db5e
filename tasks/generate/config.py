"""What generation is asked for: the teacher, how many pairs of which types, what is kept, how it is split.

In: YAML. Out: frozen values. The teachers and the checks have modules of their own.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.generate.judging_config import JudgingConfig
from tasks.generate.teacher_config import EmbeddedTeacher, Teacher
from tasks.models import Slice
from tasks.records import QuestionType

Difficulty = Literal["easy", "medium", "hard"]


class Budget(Slice):
    """Where to stop early; what is left then is not asked, and the report says which limit it was."""

    pairs: int | None = Field(default=None, ge=1)
    """Pairs that the rules let through."""
    minutes: float | None = Field(default=None, gt=0)
    """Minutes of asking, those of killed attempts included."""
    money: float | None = Field(default=None, gt=0)
    """What the teacher's `prices` come to."""


class GenerateConfig(Slice):
    """Questions to a domain's passages, filtered and split."""

    teacher: Teacher = EmbeddedTeacher()
    """Who writes the questions, by its `kind`."""
    pairs_per_passage: int = Field(default=20, ge=1, le=200)
    """Questions asked about a passage at most; of more, a seeded sample is taken."""
    max_passages_per_document: int = Field(default=100, ge=1, le=100_000)
    """Passages of a document that are asked about at most; of more, a seeded sample is taken."""
    min_answer_words: int = Field(default=6, ge=1, le=200)
    """Shorter sentences are left out; shorter answers of data sets are labels, which many may share."""
    max_answer_words: int = Field(default=40, ge=1, le=500)
    """Longer sentences are left out."""
    question_types: dict[QuestionType, float] = {}
    """Share of each type among the questions; none: as the text suggests."""
    personas: list[str] = []
    """Who asks, in turn (`a worried parent`); none: nobody in particular."""
    difficulties: dict[Difficulty, float] = {}
    """Share of each difficulty among the questions; none: as the teacher likes."""
    judging: JudgingConfig = JudgingConfig()
    """What is kept."""
    budget: Budget = Budget()
    """Where to stop early."""
    split_by: Literal["passage", "document"] = "passage"
    """What is drawn for the held-out splits as a whole."""
    validation_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of the pairs that validate, in whole passages."""
    test_share: float = Field(default=0.15, gt=0, lt=1)
    """Share of the pairs that test, in whole passages."""
    min_test_pairs: int = Field(default=20, ge=1)
    """Passages are drawn for the test split until it holds this many pairs."""
    min_pairs: int = Field(default=60, ge=3)
    """A domain with fewer pairs is refused."""
    checkpoint_every: int = Field(default=5, ge=1, le=1000)
    """Passages between two checkpoints."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Draws samples, tokens and the split."""

    @model_validator(mode="after")
    def answer_words_ordered(self) -> Self:
        """Refuse a range of answer lengths that is empty."""
        if self.min_answer_words > self.max_answer_words:
            raise ValueError("min_answer_words must be at most max_answer_words")
        return self

    @model_validator(mode="after")
    def splits_leave_training_pairs(self) -> Self:
        """Refuse held-out shares that leave nothing to train on."""
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                "validation_share and test_share must leave a share for training: keep their sum below 1"
            )
        if self.min_test_pairs > self.min_pairs - 2:
            raise ValueError(
                "min_pairs must exceed min_test_pairs by at least 2: one to train, one to validate"
            )
        return self

    @model_validator(mode="after")
    def shares_are_positive(self) -> Self:
        """Refuse quotas that ask for nothing, or for less."""
        for name in ("question_types", "difficulties"):
            shares: dict[str, float] = getattr(self, name)
            if shares and (min(shares.values()) < 0 or sum(shares.values()) <= 0):
                raise ValueError(f"{name}: give shares of 0 or more that do not all vanish")
        return self

    def refusals(self) -> list[str]:
        """Return what this stage cannot do yet, one sentence each: nothing."""
        return []
