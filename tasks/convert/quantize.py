"""Float graph to INT4 graph.

In: a float `.tflite`. Out: a quantized one. The head gets the embedding's own recipe, because
equal recipes on one tied table let the quantizer store it once.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.convert.slots import span
from tasks.models.int4 import BlockSize, Int4

if TYPE_CHECKING:
    from ai_edge_quantizer.recipe_manager import RecipeManager
    from numpy.typing import NDArray

HEAD = r"^decode_logits_output"
"""Name of the head's output in the exported graph."""
_SMALLEST_SCALE = 2.0**-14
"""The smallest number of 16 bits that the runtime takes; times nothing but zeros, it may be any."""
DOWN_PROJECTION = r"down_proj[;\d]*$"


def quantize(source: Path, target: Path, quantization: Int4, size: BlockSize) -> None:
    """Write `source` quantized by symmetric min-max to `target`."""
    from ai_edge_quantizer.quantizer import Quantizer

    quantizer = Quantizer(str(source))
    quantizer.load_quantization_recipe(recipe(quantization, size).get_quantization_recipe())
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


def recipe(quantization: Int4, size: BlockSize) -> "RecipeManager":
    """Return the quantizer's rules; a later rule wins over an earlier one."""
    from ai_edge_quantizer.qtyping import QuantGranularity, TFLOperationName
    from ai_edge_quantizer.recipe_manager import RecipeManager

    rules, linear = RecipeManager(), TFLOperationName.FULLY_CONNECTED
    blocks = QuantGranularity[{128: "BLOCKWISE_128", 64: "BLOCKWISE_64", 32: "BLOCKWISE_32"}[size]]
    stored = {"int4": (4, blocks), "int8": (8, QuantGranularity.CHANNELWISE)}
    rules.add_dynamic_config(".*", linear, *stored["int4"])
    rules.add_dynamic_config(".*", TFLOperationName.EMBEDDING_LOOKUP, *stored[quantization.embedding])
    rules.add_dynamic_config(DOWN_PROJECTION, linear, *stored[quantization.down_proj])
    rules.add_dynamic_config(HEAD, linear, *stored[quantization.head])
    return rules
