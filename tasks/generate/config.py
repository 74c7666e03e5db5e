"""What generation is asked for: the teacher, how many pairs, what is kept, how it is split.

In: YAML. Out: frozen values. Each teacher says which base model it needs, so that the flow
can provide it without knowing the teachers.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.models import EmbeddedModel, FolderModel, HubModel, ModelSource, Slice, TinyModel


class EmbeddedTeacher(Slice):
    """SmolLM2-135M-Instruct asks, sentence by sentence, in batches."""

    kind: Literal["embedded"] = "embedded"
    batch_size: int = Field(default=32, ge=1, le=256)
    """Questions written side by side."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """How freely the next token is drawn; 0 takes the most probable one."""
    top_p: float = Field(default=0.9, gt=0, le=1)
    """Draw from the smallest set of tokens that holds this probability."""
    max_new_tokens: int = Field(default=24, ge=4, le=256)
    """Tokens that the model may add to a question at most."""
    guided: bool = True
    """Begin each question from the grammar of its sentence (English); a model this small needs it."""

    @property
    def model(self) -> ModelSource:
        """Return the base model that the stage needs as its input `teacher`."""
        return EmbeddedModel()

    @property
    def name(self) -> str:
        """Return who wrote the pairs, as records spell it."""
        return "SmolLM2-135M-Instruct"


class TransformersTeacher(Slice):
    """Any causal language model asks."""

    kind: Literal["transformers"] = "transformers"
    model: ModelSource
    """The model that writes the questions."""
    mode: Literal["answer_first", "passage"] = "answer_first"
    """Ask for one question to each sentence, or for all pairs of a passage at once as JSON."""
    batch_size: int = Field(default=8, ge=1, le=256)
    """Questions written side by side."""
    temperature: float = Field(default=0.7, ge=0, le=2)
    """How freely the next token is drawn; 0 takes the most probable one."""
    top_p: float = Field(default=0.9, gt=0, le=1)
    """Draw from the smallest set of tokens that holds this probability."""
    max_new_tokens: int = Field(default=32, ge=4, le=8192)
    """Tokens that the model may add to a question (or, by passage, to its pairs) at most."""
    guided: bool = False
    """Begin each question from the grammar of its sentence (English)."""

    @property
    def name(self) -> str:
        """Return who wrote the pairs, as records spell it."""
        match self.model:
            case HubModel(repo=repo):
                return repo
            case FolderModel(path=path):
                return path.name
            case EmbeddedModel() | TinyModel():
                return self.model.source


class ScriptedTeacher(Slice):
    """A template asks: the same questions everywhere, in no time, for tests and smoke runs."""

    kind: Literal["scripted"] = "scripted"

    @property
    def model(self) -> ModelSource | None:
        """Return None: a template needs no model."""
        return None

    @property
    def name(self) -> str:
        """Return who wrote the pairs, as records spell it."""
        return "scripted"


LanguageTeacher = EmbeddedTeacher | TransformersTeacher
Teacher = Annotated[EmbeddedTeacher | TransformersTeacher | ScriptedTeacher, Field(discriminator="kind")]


class GenerateConfig(Slice):
    """Questions to a domain's passages, filtered and split."""

    teacher: Teacher = EmbeddedTeacher()
    """Who writes the questions, by its `kind`."""
    pairs_per_passage: int = Field(default=20, ge=1, le=200)
    """Sentences of a passage that are asked about at most; of more, a seeded sample is taken."""
    max_passages_per_document: int = Field(default=100, ge=1, le=100_000)
    """Passages of a document that are asked about at most; of more, a seeded sample is taken."""
    min_answer_words: int = Field(default=8, ge=1, le=200)
    """Shorter sentences are left out; shorter answers of data sets are labels, which many may share."""
    max_answer_words: int = Field(default=40, ge=1, le=500)
    """Longer sentences are left out."""
    near_duplicate: float = Field(default=0.8, gt=0, le=1)
    """Pairs of a domain whose questions or answers share this much of their words (Jaccard) are kept once."""
    leak_similarity: float = Field(default=0.7, gt=0, le=1)
    """Training pairs that share this much with a held-out question or answer are dropped."""
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

    def refusals(self) -> list[str]:
        """Say for each value that cannot be served yet what to use meanwhile."""
        if isinstance(self.teacher, TransformersTeacher) and self.teacher.mode == "passage":
            return [
                "`teacher.mode`: passage is not built yet; use answer_first, or `kind: embedded`, meanwhile"
            ]
        return []
