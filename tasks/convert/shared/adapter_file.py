"""An adapter's file as LiteRT-LM reads it: named arrays in, a flatbuffer with its data behind it out.

The runtime maps each array by its offset in the file, in whole pages, and takes the rank from a field that
is meant for something else.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import flatbuffers
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ai_edge_litert.schema_py_generated import ModelT

Arrays = Mapping[str, NDArray[np.generic]]
PAGE = 16384
"""The largest page of a phone; a mapping must not end behind the file."""
_ALIGNED = 64
_IDENTIFIER = b"TFL3"
_NAME, _RANK = b"lora_params", b"lora_rank"


def write_adapter_file(path: Path, arrays: Arrays, rank: int) -> None:
    """Write arrays of int8 or float32; what the graph takes and is not there counts as zeros."""
    contents = [np.ascontiguousarray(array).tobytes() for array in arrays.values()]
    model = _model(arrays, rank)
    # Offsets are numbers of a fixed size, so that the head is as long with the right ones.
    position = start = _up(len(_packed(model)), _ALIGNED)
    for buffer, content in zip(model.buffers[1:], contents, strict=True):
        buffer.offset = position
        position += _up(len(content), _ALIGNED)
    written = bytearray(_packed(model).ljust(start, b"\0"))
    for content in contents:
        written += content.ljust(_up(len(content), _ALIGNED), b"\0")
    path.write_bytes(written.ljust(_up(len(written), PAGE), b"\0"))


def _model(arrays: Arrays, rank: int) -> "ModelT":
    from ai_edge_litert import schema_py_generated as schema

    types = {np.dtype("int8"): schema.TensorType.INT8, np.dtype("float32"): schema.TensorType.FLOAT32}
    model, graph, told = schema.ModelT(), schema.SubGraphT(), schema.MetadataT()
    model.version, model.description, graph.name = 3, _NAME, _NAME
    model.buffers, graph.tensors = [schema.BufferT()], []
    for name, array in arrays.items():
        buffer, tensor = schema.BufferT(), schema.TensorT()
        buffer.offset, buffer.size = 1, array.nbytes
        tensor.name, tensor.shape, tensor.type = name.encode(), list(array.shape), types[array.dtype]
        tensor.buffer = len(model.buffers)
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
    told.name, told.buffer = _RANK, rank
    model.subgraphs, model.metadata = [graph], [told]
    return model


def _packed(model: "ModelT") -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _up(number: int, step: int) -> int:
    return -(-number // step) * step
