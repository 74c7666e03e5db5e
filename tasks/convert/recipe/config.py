"""What a search for a recipe can be told: how much may be lost, and what may be tried.

In: YAML. Out: a frozen slice for the cache key.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.kernel.config import Slice
from tasks.models.int4 import BLOCK_SIZES, BlockSize

Bits = Literal["int4", "int8"]


class AutoRecipe(Slice):
    """The smallest recipe whose rounding loses no more than a bound, on validation answers of all domains."""

    kind: Literal["auto"] = "auto"
    max_loss: float = Field(default=0.05, gt=0, le=10)
    """By how much rounding alone may raise the perplexity: 0.05 is 5 %. The whole interval must keep it."""
    block_sizes: tuple[BlockSize, ...] = Field(default=BLOCK_SIZES, min_length=1)
    """Weights that share one scale; sizes that do not divide every layer are left out."""
    down_proj: tuple[Bits, ...] = Field(default=("int4", "int8"), min_length=1)
    embedding: tuple[Bits, ...] = Field(default=("int8", "int4"), min_length=1)
    """Of the token table, and of the head, which shares it."""
    mixed: bool = True
    """Also try to keep single layers at `int8`, those whose rounding costs most."""
    answers: int = Field(default=8, ge=1)
    """Validation answers of each domain on which candidates are scored."""
    sensitivity_answers: int = Field(default=1, ge=1)
    """And those on which each layer is rounded by itself."""
    answer_tokens: int = Field(default=64, ge=1)
    """Tokens of each answer that count."""
    max_length: int = Field(default=512, ge=16)
    """Examples with longer prompts are left out."""
    bootstrap_samples: int = Field(default=1000, ge=100, le=100_000)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    seed: int = Field(default=42, ge=0)

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        """Refuse what is named twice."""
        for field in ("block_sizes", "down_proj", "embedding"):
            values = getattr(self, field)
            if len(set(values)) < len(values):
                raise ValueError(f"{field}: a value is repeated; name each once")
        return self


class RecipeCheck(AutoRecipe):
    """Everything that a search depends on, beside base and answers."""

    signatures: int = Field(ge=1)
    """Graphs in a bundle: each has scales of its own."""


def recipe_check(auto: AutoRecipe, prefill_lengths: tuple[int, ...]) -> RecipeCheck:
    """Return what a search depends on."""
    return RecipeCheck(**auto.model_dump(), signatures=len(prefill_lengths) + 1)
