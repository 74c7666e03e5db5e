"""Float graph to INT4 graph.

In: a float `.tflite`. Out: a quantized one. The head gets the embedding's own recipe, because
equal recipes on one tied table let the quantizer store it once.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from tasks.convert.config import BlockSize, Int4

if TYPE_CHECKING:
    from ai_edge_quantizer.recipe_manager import RecipeManager
import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.convert.config import BLOCK_SIZES
from tasks.kernel.errors import ConfigError, ModelError

HEAD = r"^decode_logits_output"
"""Name of the head's output in the exported graph."""
DOWN_PROJECTION = r"down_proj;*$"


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
    blocks = {128: "BLOCKWISE_128", 64: "BLOCKWISE_64", 32: "BLOCKWISE_32"}[size]
    rules.add_dynamic_config(".*", linear, 4, QuantGranularity[blocks])
    rules.add_dynamic_config(".*", TFLOperationName.EMBEDDING_LOOKUP, 8, QuantGranularity.CHANNELWISE)
    for pattern, kind in ((DOWN_PROJECTION, quantization.down_proj), (HEAD, quantization.head)):
        if kind == "int8":
            rules.add_dynamic_config(pattern, linear, 8, QuantGranularity.CHANNELWISE)
    return rules


_BODY = re.compile(r"\.layers\.\d+\..*\.weight$")
_HEAD = re.compile(r"(^|\.)lm_head\.weight$")
_EMBEDDING = re.compile(r"\.embed_tokens\.weight$")


class BlockSizeError(ConfigError):
    """A block size that does not divide a layer of this model."""


@dataclass(frozen=True)
class Layer:
    """A linear layer's weight."""

    name: str
    width: int
    """Number of inputs: the axis that is cut into blocks."""


def block_size(folder: Path, quantization: Int4) -> BlockSize:
    """Return the block size for the model in `folder`; raise BlockSizeError where none fits."""
    return fitting(blocked_layers(matrix_shapes(folder), quantization), quantization.block_size)


def fitting(layers: Sequence[Layer], wanted: int | str) -> BlockSize:
    """Return `wanted`, or for "auto" the largest size that divides every layer."""
    sizes = [size for size in BLOCK_SIZES if all(layer.width % size == 0 for layer in layers)]
    for size in sizes:
        if wanted in ("auto", size):
            return size
    raise _misfit(layers, wanted, sizes)


def blocked_layers(shapes: dict[str, tuple[int, ...]], quantization: Int4) -> list[Layer]:
    """Return the layers that will be stored in blocks, in the order of their names."""
    names = [name for name in sorted(shapes) if _BODY.search(name) and len(shapes[name]) == 2]  # noqa: PLR2004  # a matrix
    if quantization.down_proj == "int8":
        names = [name for name in names if ".down_proj." not in name]
    if quantization.head == "int4":
        heads = [name for name in sorted(shapes) if _HEAD.search(name)]
        names += heads or [name for name in sorted(shapes) if _EMBEDDING.search(name)]
    return [Layer(name, shapes[name][-1]) for name in names]


def matrix_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor in the folder's safetensors files."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder}: no safetensors file; rebuild the stage that writes the merged model")
    headers = [_header(file) for file in files]
    return {
        name: tuple(entry["shape"])
        for header in headers
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _header(file: Path) -> dict[str, dict[str, list[int]]]:
    """Read a safetensors header: eight bytes of length, then JSON."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header: dict[str, dict[str, list[int]]] = json.loads(stream.read(length))
    except (struct.error, ValueError) as error:
        raise ModelError(f"{file}: damaged ({error}); rebuild the stage that writes it") from error
    return header


def _misfit(layers: Sequence[Layer], wanted: int | str, sizes: Sequence[int]) -> BlockSizeError:
    if wanted == "auto":
        layer = next(layer for layer in layers if layer.width % min(BLOCK_SIZES))
        return BlockSizeError(
            f"quantization.block_size: no block size fits layer {layer.name}, which is {layer.width} wide;"
            f" its width must be a multiple of {min(BLOCK_SIZES)}: use a base model with such layers"
        )
    layer = next(layer for layer in layers if layer.width % int(wanted))
    remedy = f"use {' or '.join(map(str, sizes))}, or auto" if sizes else "no block size fits this model"
    return BlockSizeError(
        f"quantization.block_size: {wanted} does not divide layer {layer.name}, which is {layer.width} wide;"
        f" {remedy}"
    )
