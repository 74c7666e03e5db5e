"""What the convert stage can be told: how to quantize, for which shapes, in which file formats.

In: YAML. Out: a frozen slice for the cache key. A named recipe (`dynamic_int4_block128`) is
only another spelling of the same value, so both give the same key.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from tasks.kernel.config import Slice
from tasks.models.int4 import Int4

RECIPE = re.compile(r"dynamic_int4(?:_block(?P<size>\d+))?")
Length = Annotated[int, Field(ge=1, le=131072)]


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

    quantization: Int4 = Int4()
    """An `int4` object, or a recipe's name: `dynamic_int4` or `dynamic_int4_block128` (64, 32)."""
    prefill_lengths: tuple[Length, ...] = Field(default=(128,), min_length=1)
    """Prompt lengths that get a graph of their own; longer prompts are fed in pieces."""
    cache_length: Length = 1024
    """Tokens of context, prompt and answer together."""
    formats: tuple[Literal["litertlm", "task"], ...] = Field(default=("litertlm",), min_length=1)
    """Files to write: `litertlm` for LiteRT-LM, `task` for MediaPipe."""

    @field_validator("quantization", mode="before")
    @classmethod
    def _named_recipe(cls, value: object) -> object:
        """Read a recipe's name as the object that it stands for."""
        if not isinstance(value, str):
            return value
        recipe = RECIPE.fullmatch(value)
        if recipe is None:
            raise ValueError(f"unknown recipe {value!r}; use dynamic_int4 or dynamic_int4_block128, 64 or 32")
        return {"block_size": int(recipe["size"]) if recipe["size"] else "auto"}

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

    def of_merged(self) -> Self:
        """Return what a bundle of its own depends on, whatever else is made."""
        return self.model_copy(update={"form": "merged", "shared": SharedForm()})

    def of_base(self) -> Self:
        """Return what the shared base depends on, whatever else is made."""
        return self.model_copy(update={"form": "shared"})

    def refusals(self) -> list[str]:
        """Return a sentence for each value that this stage cannot serve yet."""
        if "task" in self.formats:
            return ['`formats`: "task" is not built yet; use ["litertlm"] meanwhile']
        return []
