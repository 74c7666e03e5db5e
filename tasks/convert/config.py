"""What the convert stage can be told: how to quantize, for which shapes, in which file formats.

In: YAML. Out: a frozen slice for the cache key. A named recipe (`dynamic_int4_block128`) is
only another spelling of the same value, so both give the same key.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from tasks.convert.recipe.config import AutoRecipe, RecipeCheck, recipe_check
from tasks.kernel.config import Slice
from tasks.kernel.workspace import Inputs
from tasks.models.int4 import Int4
from tasks.records.chain import FLOAT_GRAPH, HEALED, INT4_GRAPH, LinkBounds
from tasks.records.recipe import read_choice

RECIPE = re.compile(r"dynamic_int4(?:_block(?P<size>\d+))?")
Length = Annotated[int, Field(ge=1, le=131072)]


class GraphConfig(Slice):
    """What a float graph depends on, beside the model's architecture."""

    prefill_lengths: tuple[Length, ...]
    cache_length: Length


class SharedForm(Slice):
    """What the shared base takes from adapters."""

    rank: Literal[16, 32] = 16
    """Those that the runtime takes; adapters of a smaller rank are padded."""
    dtype: Literal["int8", "float32"] = "int8"
    """Of their numbers: `int8`, with a scale for each rank, takes a quarter of the bytes."""


class ConvertConfig(Slice):
    """From merged weights to a bundle for phones."""

    form: Literal["merged", "shared", "both"] = "merged"
    """`merged`: a whole model for each expert; `shared`: one base, and an adapter for each; `both`."""
    shared: SharedForm = SharedForm()

    quantization: Annotated[Int4 | AutoRecipe, Field(discriminator="kind")] = Int4()
    """An `int4` object, a recipe's name, `dynamic_int4` or `dynamic_int4_block128` (64, 32), or `auto`."""
    prefill_lengths: tuple[Length, ...] = Field(default=(128,), min_length=1)
    """Prompt lengths that get a graph of their own; longer prompts are fed in pieces."""
    cache_length: Length = 1024
    """Tokens of context, prompt and answer together."""
    trace: Literal["shared", "own"] = "shared"
    """`shared` traces the base model once for all its experts; `own` traces the expert by itself."""
    formats: tuple[Literal["litertlm", "task"], ...] = Field(default=("litertlm",), min_length=1)
    """Files to write: `litertlm` for LiteRT-LM, and `task` for MediaPipe where the tokenizer allows it."""

    @field_validator("quantization", mode="before")
    @classmethod
    def _named_recipe(cls, value: object) -> object:
        """Read a recipe's name as the object that it stands for, and an object without a kind as `int4`."""
        if isinstance(value, Mapping):
            return {"kind": "int4", **value}
        if not isinstance(value, str):
            return value
        if value == "auto":
            return {"kind": "auto"}
        recipe = RECIPE.fullmatch(value)
        if recipe is None:
            raise ValueError(
                f"unknown recipe {value!r}; use auto, dynamic_int4 or dynamic_int4_block128, 64 or 32"
            )
        return {"kind": "int4", "block_size": int(recipe["size"]) if recipe["size"] else "auto"}

    @model_validator(mode="after")
    def _prompts_fit_cache(self) -> Self:
        """Refuse a prompt graph longer than the context it writes to."""
        longest = max(self.prefill_lengths)
        if longest > self.cache_length:
            raise ValueError(
                f"prefill_lengths: {longest} exceeds cache_length {self.cache_length}; raise cache_length"
            )
        return self

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        """Refuse what is named twice."""
        for field in ("prefill_lengths", "formats"):
            values = getattr(self, field)
            if len(set(values)) < len(values):
                raise ValueError(f"{field}: a value is repeated; name each once")
        return self

    def graph(self) -> GraphConfig:
        """Return what the graph depends on."""
        return GraphConfig(prefill_lengths=self.prefill_lengths, cache_length=self.cache_length)

    def given(self) -> Int4 | None:
        """Return the recipe; none where it is to be searched."""
        return self.quantization if isinstance(self.quantization, Int4) else None

    def search(self) -> RecipeCheck | None:
        """Return what a search for the recipe depends on; none where it is given."""
        auto = self.quantization
        return None if isinstance(auto, Int4) else recipe_check(auto, self.prefill_lengths)

    def recipe(self, inputs: Inputs) -> Int4:
        """Return the recipe, which a search may have left in the input `recipe`."""
        return self.given() or Int4.model_validate(read_choice(inputs["recipe"]))

    def of_merged(self) -> Self:
        """Return what a bundle of its own depends on, whatever else is made."""
        return self.model_copy(update={"form": "merged", "shared": SharedForm()})

    def of_base(self) -> Self:
        """Return what the shared base depends on, whatever else is made."""
        return self.model_copy(update={"form": "shared", "trace": "shared", "formats": ("litertlm",)})

    def refusals(self) -> list[str]:
        """Return a sentence for each value that this stage cannot serve yet."""
        if "litertlm" not in self.formats:
            return ['`formats`: without "litertlm" nothing can be evaluated or served; name it, too']
        if "task" in self.formats and self.form == "shared":
            return ['`formats`: "task" holds a whole model; set `form: both`, or use ["litertlm"]']
        return []


class Bounds(Slice):
    """What a link of the chain must keep; none: nothing is asked of it there."""

    max_mean_kl: float | None = Field(default=None, gt=0)
    """Nats a token, from the form before to the one after."""
    min_top1_agreement: float | None = Field(default=None, ge=0, le=1)
    """Share of tokens where both forms choose the same."""
    max_perplexity_ratio: float | None = Field(default=None, ge=1)
    """Perplexity of held-out answers, after over before or the other way; the whole interval must miss it."""

    def record(self) -> LinkBounds:
        """Return the bounds as they are written down."""
        return LinkBounds.model_validate(self.model_dump())


class ChainConfig(Slice):
    """How an expert is followed from its merged weights to the phone's runtime.

    The bounds catch what is broken: how much quality may be lost is the promotion gate's to say.
    """

    probes: int = Field(default=6, ge=2)
    """Held-out questions on which the forms are compared."""
    answer_tokens: int = Field(default=24, ge=1)
    """Tokens of each answer that count."""
    healed: Bounds = Bounds(max_mean_kl=1.0, max_perplexity_ratio=1.5)
    """Merged weights against those that survive their grid."""
    float_graph: Bounds = Bounds(max_mean_kl=0.001, min_top1_agreement=0.95, max_perplexity_ratio=1.01)
    """Weights in torch against the same weights in the traced graph."""
    int4: Bounds = Bounds(max_mean_kl=1.5, max_perplexity_ratio=2.0)
    """The float graph against the INT4 graph in the bundle."""
    runtime: Bounds = Bounds(max_perplexity_ratio=1.05)
    """The INT4 graph against what LiteRT-LM says; it tells scores alone."""
    bootstrap_samples: int = Field(default=1000, ge=100, le=100_000)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    seed: int = Field(default=42, ge=0)


class ChainCheck(ChainConfig, GraphConfig):
    """Everything that following one expert depends on."""

    def bounds(self, form: str) -> LinkBounds:
        """Return what the link that ends at `form` must keep."""
        return {HEALED: self.healed, FLOAT_GRAPH: self.float_graph, INT4_GRAPH: self.int4}[form].record()

    def graph(self) -> GraphConfig:
        """Return what the graph depends on."""
        return GraphConfig(prefill_lengths=self.prefill_lengths, cache_length=self.cache_length)


def chain_check(chain: ChainConfig, convert: ConvertConfig) -> ChainCheck:
    """Return what following an expert depends on."""
    return ChainCheck.model_validate({**chain.model_dump(), **convert.graph().model_dump()})
