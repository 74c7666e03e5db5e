"""Which metrics there are, and what each can be told.

In: YAML. Out: one union. A metric is a name, or a mapping with its name as `kind` and settings of its own; a
name alone takes the defaults.
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from tasks.kernel.config import How, Slice
from tasks.sandbox.config import SandboxConfig

Metric = Literal["perplexity", "rouge_l", "bleu", "exact_match", "token_f1", "chrf", "json_valid"]
"""Metrics without settings."""
Module = Annotated[str, StringConstraints(pattern=r"^[\w./-]+$")]
"""A module of the `evaluate` library, or a .py file with one."""
Labels = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=2)]


class PassAtK(Slice):
    """Whether a generated program passes its unit tests (arXiv:2107.03374)."""

    kind: Literal["pass_at_k"] = "pass_at_k"
    sandbox: SandboxConfig = SandboxConfig()
    """What the program may use."""
    k: tuple[Annotated[int, Field(ge=2)], ...] = ()
    """Numbers of answers of which one has to pass, beside the one answer that all metrics score."""
    samples: int = Field(default=0, ge=0, le=1000)
    """Answers that each float model draws to a question besides, from which pass@k is estimated."""
    temperature: float = Field(default=0.8, gt=0, le=2)
    """At which these are drawn."""

    @model_validator(mode="after")
    def samples_suffice(self) -> Self:
        """Refuse fewer samples than `k`, and samples that nothing is estimated from."""
        if max(self.k, default=0) > self.samples or (self.samples and not self.k):
            raise ValueError("`samples` must be at least the largest `k`, and 0 where there is no `k`")
        return self


class DecisionAccuracy(Slice):
    """Whether an answer decides as its reference does; both may go on and explain."""

    kind: Literal["decision_accuracy"] = "decision_accuracy"
    decisions: Labels = ("yes", "no", "maybe")


class ClassificationAccuracy(Slice):
    """Whether an answer names the label of its reference."""

    kind: Literal["classification_accuracy"] = "classification_accuracy"
    labels: Labels | None = None
    """None takes the reference answers to the questions that are scored."""


class MacroF1(Slice):
    """The F-measure of naming each label, mean over the labels."""

    kind: Literal["macro_f1"] = "macro_f1"
    labels: Labels | None = None
    """None takes the reference answers to the questions that are scored."""


class JsonSchema(Slice):
    """Whether an answer is JSON that keeps to a schema."""

    kind: Literal["json_schema"] = "json_schema"
    file: Module | None = None
    """A JSON file with the schema of every answer; none takes each question's own,
    `dataset.checks.schema`."""


class SqlExecution(Slice):
    """Whether an answer, run as SQL on SQLite, returns what its reference returns."""

    kind: Literal["sql_execution"] = "sql_execution"
    databases: Module | None = None
    """A folder of `<name>.sqlite`, by the names in `dataset.checks.database`; none takes these as the scripts
    that make the databases."""
    seconds: float = Field(default=5.0, gt=0, le=600)
    """What a query may take."""
    max_rows: int = Field(default=100_000, ge=1)
    """A query that returns more counts as wrong."""
    max_value_bytes: int = Field(default=200_000, ge=1000)
    """Longest text, blob or row. One function may take the square of it, and nobody can interrupt it."""


class CodeBleu(Slice):
    """How generated code resembles its reference (arXiv:2009.10297)."""

    kind: Literal["codebleu"] = "codebleu"
    language: Literal["python"] = "python"


class SemanticSimilarity(Slice):
    """The cosine of answer and reference in the embedded sentence encoder, all-MiniLM-L6-v2."""

    kind: Literal["semantic_similarity"] = "semantic_similarity"


class Judge(Slice):
    """What a language model makes of an answer, beside its reference."""

    kind: Literal["judge"] = "judge"
    base_url: str = Field(pattern=r"^https?://[^\s@]+$")
    """Address of an OpenAI-compatible API, such as `http://127.0.0.1:8000/v1`; a key has no place in it."""
    model_name: str = Field(min_length=1)
    """The model's name on that server."""
    criteria: str = (
        "How much of the reference answer does the given answer say, without saying anything wrong?"
    )
    """What is asked of each answer."""
    max_new_tokens: int = Field(default=16, ge=1, le=8192)
    """More for models that think aloud: their last number counts."""
    api_key_variable: How[str | None] = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    """Environment variable that holds the key; none: no key is sent anywhere."""
    timeout_seconds: How[float] = Field(default=120, gt=0, le=3600)
    """Seconds after which a request is given up and tried again."""
    max_retries: How[int] = Field(default=5, ge=0, le=20)
    """Times that a request is tried again after a time-out, a 429 or a 5xx, with growing pauses."""


Settings = (
    PassAtK
    | DecisionAccuracy
    | ClassificationAccuracy
    | MacroF1
    | JsonSchema
    | SqlExecution
    | CodeBleu
    | SemanticSimilarity
    | Judge
)
KINDS: tuple[str, ...] = tuple(kind.model_fields["kind"].default for kind in get_args(Settings))
OWN = (*get_args(Metric), *KINDS)
"""The names of all metrics that are not a module's."""


def _spelled_out(metric: object) -> object:
    return {"kind": metric} if metric in KINDS else metric


def _form(metric: object) -> str:
    return "name" if isinstance(metric, str) else "settings"


Chosen = Annotated[
    Annotated[Metric | Module, Tag("name")]
    | Annotated[Annotated[Settings, Field(discriminator="kind")], Tag("settings")],
    Discriminator(_form),
    BeforeValidator(_spelled_out),
]


def file_of(metric: Metric | Module | Settings) -> str | None:
    """Return the user's file or folder that a metric reads, as the configuration spells it."""
    match metric:
        case JsonSchema():
            return metric.file
        case SqlExecution():
            return metric.databases
        case str():
            return metric if metric.endswith(".py") else None
        case _:
            return None
