"""What generation is asked for: the teacher, how many pairs of which types, what is kept, how it is split.

In: YAML. Out: frozen values. The teachers and the checks have modules of their own.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.generate.teacher_config import EmbeddedTeacher, Teacher
from tasks.kernel.config import Slice
from tasks.models.sources import ModelSource
from tasks.records.dataset import QuestionType

Difficulty = Literal["easy", "medium", "hard"]


class Budget(Slice):
    """Where to stop early; what is left then is not asked, and the report says which limit it was."""

    pairs: int | None = Field(default=None, ge=1)
    """Pairs that the rules let through."""
    minutes: float | None = Field(default=None, gt=0)
    """Minutes of asking, those of killed attempts included."""
    money: float | None = Field(default=None, gt=0)
    """What the teacher's `prices` come to."""


class EntailmentJudge(Slice):
    """A small natural language inference model tells whether the passage entails the answer."""

    kind: Literal["entailment"] = "entailment"
    model: ModelSource
    """A sequence classifier with a label `entailment`."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Probability of entailment below which a pair is refused as `not_entailed`."""
    batch_size: int = Field(default=16, ge=1, le=256)
    """Pairs judged side by side."""


class NoJudge(Slice):
    """The rules alone decide."""

    kind: Literal["none"] = "none"

    @property
    def model(self) -> None:
        """Return None: rules need no model."""
        return


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
    max_yes_no_share: float = Field(default=0.1, ge=0, le=1)
    """Share of yes/no questions (English) among written pairs above which they are `too_many_yes_no`."""
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


class SharedSources(Slice):
    """What other domains have as well; a run finds it out by the digests of the files."""

    documents: tuple[str, ...] = ()
    """Digests of documents that all these domains cut into the same passages: each has one side."""
    whole: tuple[str, ...] = ()
    """Digests of those that they cut otherwise or split as a whole: trained on everywhere."""
    examples: bool = False
    """The data set's examples are those of another domain."""
    test_share: float = 0.15
    validation_share: float = 0.1
    """The same for all these domains, as is the seed."""
    seed: int = 42


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
    decontextualize: bool = True
    """Write a document's subject into questions that name none (English), or refuse them by that name."""
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
    min_training_pairs: int | None = Field(default=None, ge=1)
    """And one with fewer of them left to train on; none: a quarter of `min_pairs`."""
    max_leaked_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the training pairs that may be left out because they resemble what is tested."""
    shared: SharedSources | None = None
    """What other domains have too; none: found out by the run."""
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

    @property
    def fewest_training_pairs(self) -> int:
        """Training pairs below which a domain is refused."""
        return self.min_training_pairs or max(1, self.min_pairs // 4)

    def refusals(self) -> list[str]:
        """Return what this stage cannot do yet, one sentence each: nothing."""
        return []
