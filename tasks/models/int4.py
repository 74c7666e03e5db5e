"""The grid of a bundle: which weights it stores in how many bits, and how many of them share a scale.

In: YAML, and the shapes of a model. Out: frozen values, the block size that fits. Healing and converting
read the same value, because weights survive only the very grid that they were trained for.
"""

import fnmatch
import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import field_validator, model_validator

from tasks.kernel.config import Slice
from tasks.kernel.errors import ConfigError, ModelError

BlockSize = Literal[128, 64, 32]
BLOCK_SIZES: tuple[BlockSize, ...] = (128, 64, 32)


class Int4(Slice):
    """Linear layers in symmetric 4-bit blocks; activations are quantized to 8 bits as the model runs."""

    kind: Literal["int4"] = "int4"
    block_size: BlockSize | Literal["auto"] = "auto"
    """Weights that share one scale; `auto` is the largest of 128, 64 and 32 that divides every layer."""
    head: Literal["int8", "int4"] = "int8"
    """`int8` lets a tied head share the embedding's table; `int4` stores it a second time."""
    embedding: Literal["int8", "int4"] = "int8"
    """The token table: `int8` with one scale a row, or `int4` in blocks."""
    down_proj: Literal["int4", "int8"] = "int4"
    """`int8` keeps the most sensitive projection more exact, at about a seventh more bytes."""
    int8_layers: tuple[str, ...] = ()
    """Further linear layers at `int8`, by their names in the model or by patterns with `*`:
    `model.layers.0.mlp.up_proj`, `*.v_proj`."""

    @field_validator("int8_layers")
    @classmethod
    def _in_order(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Let the same layers be the same recipe."""
        return tuple(sorted(set(value)))

    @model_validator(mode="after")
    def _one_table(self) -> Self:
        """Refuse a coarse table below an exact head: where both are one, the quantizer cannot store it."""
        if self.embedding == "int4" and self.head == "int8":
            raise ValueError("embedding: int4 needs `head: int4`, which shares its table; set both")
        return self


_BODY = re.compile(r"\.layers\.\d+\..*\.weight$")
_HEAD = re.compile(r"(^|\.)lm_head\.weight$")
_EMBEDDING = re.compile(r"\.embed_tokens\.weight$")


class BlockSizeError(ConfigError):
    """A block size that does not divide a layer of this model."""


@dataclass(frozen=True)
class Grid:
    """Equally spaced values around zero."""

    bits: Literal[4, 8]
    block: BlockSize | None
    """Weights of a row that share a scale; none: the whole row."""

    @property
    def largest(self) -> int:
        """Return the number at its upper end."""
        return int(2 ** (self.bits - 1)) - 1


ROWS = Grid(8, None)
"""The grid of whatever is configured as int8."""


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


def blocked_layers(shapes: Mapping[str, tuple[int, ...]], quantization: Int4) -> list[Layer]:
    """Return the layers that will be stored in blocks, in the order of their names."""
    exact = _int8_layers(shapes, quantization)
    names = [name for name in _body(shapes) if name not in exact]
    tables, heads = table_names(shapes)
    if quantization.embedding == "int4":
        names += tables
    if quantization.head == "int4":
        names += heads or [name for name in tables if name not in names]
    return [Layer(name, shapes[name][-1]) for name in names]


def body_grids(shapes: Mapping[str, tuple[int, ...]], quantization: Int4, size: BlockSize) -> dict[str, Grid]:
    """Return the grid of every linear layer but the head, by the name of its weight."""
    blocked = {layer.name for layer in blocked_layers(shapes, quantization)}
    return {name: Grid(4, size) if name in blocked else ROWS for name in _body(shapes)}


def head_grid(quantization: Int4, size: BlockSize) -> Grid:
    """Return the grid of the head, tied or not."""
    return ROWS if quantization.head == "int8" else Grid(4, size)


def embedding_grid(quantization: Int4, size: BlockSize) -> Grid:
    """Return the grid of the token table."""
    return ROWS if quantization.embedding == "int8" else Grid(4, size)


def table_names(shapes: Mapping[str, tuple[int, ...]]) -> tuple[list[str], list[str]]:
    """Return the token table's name, and the head's where it is not tied to it."""
    return _named(shapes, _EMBEDDING), _named(shapes, _HEAD)


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


def _matching(pattern: re.Pattern[str], shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    return [name for name in sorted(shapes) if pattern.search(name)]


def _body(shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    matrix = 2
    return [name for name in sorted(shapes) if _BODY.search(name) and len(shapes[name]) == matrix]


def _named(shapes: Mapping[str, tuple[int, ...]], pattern: re.Pattern[str]) -> list[str]:
    return [name for name in sorted(shapes) if pattern.search(name)]


def named_layers(quantization: Int4, shapes: Mapping[str, tuple[int, ...]]) -> set[str]:
    """Return which of a model's linear layers `int8_layers` names; raise ConfigError where one names none."""
    body, found = _body(shapes), set()
    for pattern in quantization.int8_layers:
        layers = fnmatch.filter(body, f"{pattern}.weight")
        if not layers:
            known = body[0].removesuffix(".weight") if body else "it has none"
            raise ConfigError(
                f"quantization.int8_layers: this model has no linear layer {pattern};"
                f" name layers as the model does: {known}"
            )
        found.update(layers)
    return found


def _int8_layers(shapes: Mapping[str, tuple[int, ...]], quantization: Int4) -> set[str]:
    """Return the weights of the body that keep 8 bits; raise ConfigError for a layer that is not there."""
    down = {name for name in _body(shapes) if ".down_proj." in name}
    return named_layers(quantization, shapes) | (down if quantization.down_proj == "int8" else set())


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
