"""Float graph to INT4 graph.

In: a float `.tflite`, and the values of single layers that keep 8 bits. Out: a quantized one. The head gets
the embedding's own recipe, because equal recipes on one tied table let the quantizer store it once.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.convert.scopes import scopes_of
from tasks.convert.slots import Place, Weights, values_of
from tasks.kernel.errors import ModelError
from tasks.models.int4 import ROWS, BlockSize, Grid, Int4, embedding_grid, head_grid

if TYPE_CHECKING:
    from ai_edge_quantizer.recipe_manager import RecipeManager

HEAD = r"^decode_logits_output"
"""Name of the head's output in the exported graph."""
DOWN_PROJECTION = r"down_proj[;\d]*$"


def quantize(
    source: Path, target: Path, quantization: Int4, size: BlockSize, apart: Mapping[str, Place]
) -> None:
    """Write `source` quantized by symmetric min-max to `target`; the layers `apart` keep 8 bits."""
    from ai_edge_quantizer.quantizer import Quantizer

    quantizer = Quantizer(str(source))
    scopes = scopes_of(source, apart) if apart else []
    quantizer.load_quantization_recipe(recipe(quantization, size, scopes).get_quantization_recipe())
    quantizer.quantize().export_model(str(target), overwrite=True)


def kept_apart(quantization: Int4, weights: Weights) -> dict[str, Place]:
    """Return by their values the single layers that keep 8 bits; raise ModelError for one that has none."""
    names = [f"{layer}.weight" for layer in quantization.int8_layers]
    found = values_of({name: weights[name] for name in names})
    if alike := sorted(set(names) - {name for place in found.values() for name in place.weights}):
        raise ModelError(
            f"{alike[0]}: without values of its own it is not found in the graph;"
            " take it out of `quantization.int8_layers`"
        )
    return found


def recipe(quantization: Int4, size: BlockSize, scopes: Sequence[str] = ()) -> "RecipeManager":
    """Return the quantizer's rules; a later rule wins over an earlier one. `scopes` are single layers."""
    from ai_edge_quantizer.qtyping import QuantGranularity, TFLOperationName
    from ai_edge_quantizer.recipe_manager import RecipeManager

    rules, linear = RecipeManager(), TFLOperationName.FULLY_CONNECTED

    def add(pattern: str, operation: TFLOperationName, grid: Grid) -> None:
        granularity = f"BLOCKWISE_{grid.block}" if grid.block else "CHANNELWISE"
        rules.add_dynamic_config(pattern, operation, grid.bits, QuantGranularity[granularity])

    add(".*", linear, Grid(4, size))
    add(".*", TFLOperationName.EMBEDDING_LOOKUP, embedding_grid(quantization, size))
    if quantization.down_proj == "int8":
        add(DOWN_PROJECTION, linear, ROWS)
    for scope in scopes:
        add(scope, linear, ROWS)
    add(HEAD, linear, head_grid(quantization, size))
    return rules
