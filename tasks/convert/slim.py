"""Take the names of a graph's insides out of it: a quantized graph in, the same with fewer bytes out.

Each tensor is called by the whole path of its module; an adapter's inputs make a layer five times as many.
The runtime goes by the names of signatures, which stay.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import flatbuffers

if TYPE_CHECKING:
    from ai_edge_litert.schema_py_generated import BufferT, ModelT

_ALIGNED = 16
"""Bytes to whose multiples the quantizer aligns what stands behind the graph."""
_IDENTIFIER = b"TFL3"


def without_names(source: Path, target: Path) -> None:
    """Write the graph in `source` to `target`, its tensors without names."""
    from ai_edge_litert import schema_py_generated as schema

    content = source.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.name = None
    behind = [buffer for buffer in model.buffers if _is_behind(buffer)]
    begin = min((buffer.offset for buffer in behind), default=len(content))
    head = _packed(model)
    start = -(-len(head) // _ALIGNED) * _ALIGNED
    for buffer in behind:
        buffer.offset += start - begin
    # Offsets are numbers of a fixed size, so that the head is as long with the new ones.
    target.write_bytes(_packed(model).ljust(start, b"\0") + content[begin:])


def _is_behind(buffer: "BufferT") -> bool:
    return buffer.data is None and buffer.offset > 1


def _packed(model: "ModelT") -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())
