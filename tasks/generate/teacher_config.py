"""Who writes the pairs: five kinds of teacher behind one discriminated union.

In: YAML. Out: frozen values. Each teacher says which base model it needs, so that the flow can
provide it without knowing the teachers, and what a token costs, so that a pair has a price.
"""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, model_validator

from tasks.kernel.config import How, Slice
from tasks.models.sources import BundleFile, EmbeddedModel, ModelSource

T = TypeVar("T")
Mode = Literal["answer_first", "passage"]

CLOSING_TOKENS = 64
"""Tokens at the end of a constrained reply that are kept for closing it: in the worst case, one token a byte,
a pair has just started, and the names of its keys and an escaped character in each are to be written yet."""


class Prices(Slice):
    """What tokens cost, in any one currency."""

    input_per_million: float = Field(default=0, ge=0)
    """Price of a million tokens that are read."""
    output_per_million: float = Field(default=0, ge=0)
    """Price of a million tokens that are written."""


class _WithModel(Slice):
    """What every teacher with a language model is asked for."""

    mode: Mode = "answer_first"
    """Ask for one question to each sentence, or for all pairs of a passage at once as JSON."""
    constrained: bool = True
    """Let only tokens through that keep to the reply's JSON schema, where replies are JSON."""
    temperature: float = Field(default=0.7, ge=0, le=2)
    """How freely the next token is drawn; 0 takes the most probable one."""
    top_p: float = Field(default=0.9, gt=0, le=1)
    """Draw from the smallest set of tokens that holds this probability."""
    max_new_tokens: int = Field(default=1200, ge=4, le=32_768)
    """Tokens of one reply at most: a question, or all pairs of a passage."""
    prices: Prices = Prices()
    """What its tokens cost; zero for a machine of one's own."""


class _InProcess(_WithModel):
    """What every teacher that runs in the stage's own process is asked for."""

    @model_validator(mode="after")
    def reply_can_be_closed(self) -> Self:
        """Refuse a reply too short to hold one pair as JSON."""
        if self.mode == "passage" and self.max_new_tokens < CLOSING_TOKENS:
            raise ValueError(
                f"max_new_tokens: pairs by passage need {CLOSING_TOKENS} at least, 1,200 for 20 pairs"
            )
        return self


def _by_mode(answer_first: T, passage: T) -> Callable[[dict[str, Any]], T]:
    return lambda data: passage if data.get("mode") == "passage" else answer_first


class EmbeddedTeacher(_InProcess):
    """SmolLM2-135M-Instruct asks, sentence by sentence, in batches."""

    kind: Literal["embedded"] = "embedded"
    batch_size: int = Field(default=32, ge=1, le=256)
    """Replies written side by side."""
    temperature: float = Field(default_factory=_by_mode(0.0, 0.7), ge=0, le=2)
    """How freely the next token is drawn; 0, as for questions, takes the most probable one."""
    max_new_tokens: int = Field(default_factory=_by_mode(24, 1200), ge=4, le=32_768)
    """Tokens of one reply at most: 24 for a question, 1,200 for the pairs of a passage."""
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


class TransformersTeacher(_InProcess):
    """Any causal language model asks; on a GPU where there is one."""

    kind: Literal["transformers"] = "transformers"
    model: ModelSource
    """The model that writes the pairs."""
    quantization: Literal["none", "nf4"] = "none"
    """Load the weights as they are (on a GPU in bfloat16), or in 4 bits."""
    batch_size: int = Field(default=8, ge=1, le=256)
    """Replies written side by side."""
    guided: bool = False
    """Begin each question from the grammar of its sentence (English)."""

    @property
    def name(self) -> str:
        """Return who wrote the pairs, as records spell it."""
        return self.model.name


class OpenAITeacher(_WithModel):
    """A model behind any OpenAI-compatible server: vLLM, Ollama, llama.cpp, LiteRT-LM or a service."""

    kind: Literal["openai"] = "openai"
    base_url: str = Field(pattern=r"^https?://[^\s@]+$")
    """Address of the API, such as `http://127.0.0.1:8000/v1`; a key has no place in it."""
    model_name: str = Field(min_length=1)
    """The model's name on that server."""
    api_key_variable: How[str | None] = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    """Environment variable that holds the key, such as `OPENAI_API_KEY`; none: no key is sent anywhere."""
    mode: Mode = "passage"
    concurrency: How[int] = Field(default=8, ge=1, le=512)
    """Requests under way at the same time."""
    requests_per_minute: How[int | None] = Field(default=None, ge=1)
    """Requests that are started in a minute, evenly spaced, repeated ones included; none: no limit."""
    timeout_seconds: How[float] = Field(default=120, gt=0, le=3600)
    """Seconds after which a request is given up and tried again."""
    max_retries: How[int] = Field(default=5, ge=0, le=20)
    """Times that a request is tried again after a time-out, a 429 or a 5xx, with growing pauses."""
    max_requests: int | None = Field(default=None, ge=1)
    """Requests of one run at most, repeated ones not counted; passages that exceed it are not asked."""
    limit_field: How[Literal["max_tokens", "max_completion_tokens"]] = "max_tokens"
    """What the server calls `max_new_tokens`; OpenAI's newer models and LiteRT-LM read the second only."""
    guided: Literal[False] = False
    """A chat API does not let anybody else begin its model's reply."""

    @property
    def model(self) -> None:
        """Return None: the server has the model."""
        return

    @property
    def name(self) -> str:
        """Return who wrote the pairs, as records spell it: of a path on the server, the last part."""
        is_path = self.model_name.startswith("/")
        return PurePosixPath(self.model_name).name if is_path else self.model_name


class LitertlmTeacher(_WithModel):
    """An INT4 bundle asks, on the CPU, through the phone's own runtime."""

    kind: Literal["litertlm"] = "litertlm"
    model: BundleFile
    """The `.litertlm` file."""
    guided: bool = False
    """Begin each question from the grammar of its sentence (English)."""

    @property
    def name(self) -> str:
        """Return who wrote the pairs, as records spell it."""
        return self.model.name


class ScriptedTeacher(Slice):
    """A template asks: the same questions everywhere, in no time, for tests and smoke runs."""

    kind: Literal["scripted"] = "scripted"
    mode: Mode = "answer_first"
    """One question to each sentence; by passage, the same questions as JSON."""
    guided: Literal[False] = False
    prices: Prices = Prices()

    @property
    def model(self) -> None:
        """Return None: a template needs no model."""
        return

    @property
    def name(self) -> str:
        """Return who wrote the pairs, as records spell it."""
        return "scripted"


Teacher = Annotated[
    EmbeddedTeacher | TransformersTeacher | OpenAITeacher | LitertlmTeacher | ScriptedTeacher,
    Field(discriminator="kind"),
]
