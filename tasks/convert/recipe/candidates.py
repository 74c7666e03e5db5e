"""What a search tries: every uniform recipe that the model takes.

In: shapes and the search's config. Out: recipes, and in words those that were left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from tasks.convert.recipe.config import AutoRecipe
from tasks.kernel.errors import ConfigError
from tasks.models.int4 import (
    BlockSize,
    Grid,
    Int4,
    blocked_layers,
    body_grids,
    embedding_grid,
    head_grid,
    table_names,
)

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Candidate:
    """A recipe, and the grid of each matrix that it stores."""

    quantization: Int4
    block_size: BlockSize
    grids: Mapping[str, Grid]
    """By the name of the weight; a tied head stands under its table's name."""

    @property
    def name(self) -> str:
        """The recipe in words."""
        kinds = self.quantization
        parts = [f"blocks of {self.block_size}"]
        parts += ["down_proj int8"] if kinds.down_proj == "int8" else []
        parts += ["embedding int4"] if kinds.embedding == "int4" else []
        parts += [f"{len(kinds.int8_layers)} layers int8"] if kinds.int8_layers else []
        return ", ".join(parts)


def uniform(shapes: Shapes, config: AutoRecipe) -> tuple[list[Candidate], list[str]]:
    """Return the recipes to try and what is left out; raise ConfigError where nothing remains."""
    found: list[Candidate] = []
    left_out: list[str] = []
    for size, table, down in product(sorted(config.block_sizes), config.embedding, config.down_proj):
        recipe = Int4(block_size=size, embedding=table, head=table, down_proj=down)
        odd = next((layer for layer in blocked_layers(shapes, recipe) if layer.width % size), None)
        if odd is None:
            found.append(candidate(shapes, recipe, size))
        else:
            left_out.append(f"blocks of {size}: they do not divide {odd.name}, which is {odd.width} wide")
    if not found:
        raise ConfigError(f"quantization.block_sizes: none fits this model ({left_out[0]}); name others")
    return found, list(dict.fromkeys(left_out))


def candidate(shapes: Shapes, recipe: Int4, size: BlockSize) -> Candidate:
    """Return the recipe with the grids that it means for a model of these shapes."""
    table, heads = table_names(shapes)
    grids = body_grids(shapes, recipe, size)
    grids |= dict.fromkeys(table, embedding_grid(recipe, size)) | dict.fromkeys(
        heads, head_grid(recipe, size)
    )
    return Candidate(recipe, size, grids)


def with_exact(shapes: Shapes, start: Candidate, layers: Sequence[str]) -> Candidate:
    """Return the recipe with these layers at 8 bits."""
    names = tuple(sorted(name.removesuffix(".weight") for name in layers))
    return candidate(shapes, start.quantization.model_copy(update={"int8_layers": names}), start.block_size)
