"""Float graph to INT4 graph.

In: a float `.tflite`, and the values of single layers that keep 8 bits. Out: a quantized one. The head gets
the embedding's own recipe, because equal recipes on one tied table let the quantizer store it once.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.convert.scopes import scopes_of
from tasks.convert.slots import Place, Weights, span, values_of
from tasks.kernel.errors import ModelError
from tasks.models.int4 import ROWS, BlockSize, Grid, Int4, embedding_grid, head_grid, named_layers

if TYPE_CHECKING:
    from ai_edge_quantizer.recipe_manager import RecipeManager
    from numpy.typing import NDArray

HEAD = r"^decode_logits_output"
"""Name of the head's output in the exported graph."""
_SMALLEST_SCALE = 2.0**-14
"""The smallest number of 16 bits that the runtime takes; times nothing but zeros, it may be any."""
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
    settle_empty_blocks(target)


def settle_empty_blocks(tflite: Path) -> None:
    """Give each block of zeros a scale, in place: the runtime refuses a graph where one is zero."""
    content = np.memmap(tflite, dtype=np.uint8, mode="r+")
    for begin, end in _scales(content):
        scales = content[begin:end].view("<f2")
        scales[scales == 0] = _SMALLEST_SCALE
    content.flush()


def _scales(content: "NDArray[np.uint8]") -> set[tuple[int, int]]:
    """Return where the graph stores the scales of blocks, in its flatbuffer or behind it."""
    from ai_edge_litert import schema_py_generated as schema

    model, found = schema.Model.GetRootAs(content, 0), set()
    for graph in map(model.Subgraphs, range(model.SubgraphsLength())):
        for tensor in map(graph.Tensors, range(graph.TensorsLength())):
            told = tensor.Quantization()
            if told is None or told.DetailsType() != schema.QuantizationDetails.BlockwiseQuantization:
                continue
            blocks, table = schema.BlockwiseQuantization(), told.Details()
            blocks.Init(table.Bytes, table.Pos)
            found.add(span(content, model.Buffers(graph.Tensors(blocks.Scales()).Buffer())))
    return found


def kept_apart(quantization: Int4, weights: Weights) -> dict[str, Place]:
    """Return by their values the single layers that keep 8 bits; raise ModelError for one that has none."""
    names = named_layers(quantization, {name: weight.shape for name, weight in weights.items()})
    found = values_of({name: weights[name] for name in sorted(names)})
    if alike := sorted(names - {name for place in found.values() for name in place.weights}):
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
