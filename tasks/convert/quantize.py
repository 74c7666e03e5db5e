"""Float graph to INT4 graph.

In: a float `.tflite`. Out: a quantized one. The head gets the embedding's own recipe, because
equal recipes on one tied table let the quantizer store it once.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from tasks.models.int4 import BlockSize, Int4

if TYPE_CHECKING:
    from ai_edge_quantizer.recipe_manager import RecipeManager

HEAD = r"^decode_logits_output"
"""Name of the head's output in the exported graph."""
DOWN_PROJECTION = r"down_proj[;\d]*$"


def quantize(source: Path, target: Path, quantization: Int4, size: BlockSize) -> None:
    """Write `source` quantized by symmetric min-max to `target`."""
    from ai_edge_quantizer.quantizer import Quantizer

    quantizer = Quantizer(str(source))
    quantizer.load_quantization_recipe(recipe(quantization, size).get_quantization_recipe())
    quantizer.quantize().export_model(str(target), overwrite=True)


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
