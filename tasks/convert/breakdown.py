"""List what is stored in a `.tflite`, each buffer once, with the part of the model it serves.

In: a quantized graph. Out: plain values. Constants have no names of their own, but the
exporter names an operator's output after the module that it came from, so a buffer's part is
read from the operators that take it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tasks.convert.bundle_file import Section, sections
from tasks.records.edge import ByteGroup

if TYPE_CHECKING:
    from ai_edge_litert.schema_py_generated import BufferT, ModelT, TensorT

LINEAR, LOOKUP = "FULLY_CONNECTED", "EMBEDDING_LOOKUP"
PARTS = (("norms", r"norm[^/]*$"), ("mlp", r"mlp|feed_forward"), ("attention", r"attn|attention"))
"""Tried in order on an operator's name; norms first, for `post_attention_layernorm`."""
SCALE_BYTES, ZERO_POINT_BYTES = 4, 8


class Use(NamedTuple):
    """An operator that takes a constant."""

    operator: str
    output: str
    """Name of its first output: the path of the module, several joined by `;` where they were fused."""


@dataclass(frozen=True)
class StoredTensor:
    """Bytes in the file."""

    group: str
    dtype: str
    size: int
    tensors: int = 1
    """0 for scales, which belong to a tensor that is counted already."""


def stored_tensors(tflite: Path) -> list[StoredTensor]:
    """Return all constants and their scales; whatever else the file holds is its graph."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(tflite.read_bytes(), 0)
    dtypes = {number: name.lower() for name, number in vars(schema.TensorType).items() if name.isupper()}
    groups = {buffer: group_of(uses) for buffer, uses in _uses(model, schema.BuiltinOperator).items()}
    owners = _scale_owners(model)
    found: dict[int, StoredTensor] = {}
    for tensor in _constants(model):
        served = owners.get(tensor.buffer, tensor.buffer)
        scales = served != tensor.buffer
        group = groups.get(served, "constants")
        dtype = dtypes[tensor.type] + (" scales" if scales else "")
        found[tensor.buffer] = StoredTensor(
            group, dtype, buffer_bytes(model.buffers[tensor.buffer]), int(not scales)
        )
    return [*found.values(), *_inline_scales(model, groups)]


def group_of(uses: Sequence[Use]) -> str:
    """Name the part of the model that a constant with these uses belongs to."""
    head = any("logits_output" in use.output for use in uses)
    if any(use.operator == LOOKUP for use in uses):
        return "embedding and head" if head else "embedding"
    if head:
        return "head"
    paths = [use.output.split(";")[0] for use in uses]
    for part, pattern in PARTS:
        if part != "norms" and not any(use.operator == LINEAR for use in uses):
            continue
        if any(re.search(pattern, path) for path in paths):
            return part
    return "constants"


def buffer_bytes(buffer: "BufferT") -> int:
    """Return how much a buffer stores, inside the flatbuffer or, in big models, behind it."""
    return int(buffer.size) if buffer.data is None else len(buffer.data)


def _constants(model: "ModelT") -> Iterator["TensorT"]:
    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            if buffer_bytes(model.buffers[tensor.buffer]):
                yield tensor


def _uses(model: "ModelT", operators: type) -> dict[int, list[Use]]:
    """Return the uses of every buffer in all signatures: they share their buffers."""
    kinds = {number: name for name, number in vars(operators).items() if name.isupper()}
    found: dict[int, list[Use]] = defaultdict(list)
    for subgraph in model.subgraphs:
        for operator in subgraph.operators:
            kind = kinds[model.operatorCodes[operator.opcodeIndex].builtinCode]
            use = Use(kind, subgraph.tensors[operator.outputs[0]].name.decode())
            for index in operator.inputs:
                if index >= 0:
                    found[subgraph.tensors[index].buffer].append(use)
    return found


def _scale_owners(model: "ModelT") -> dict[int, int]:
    """Return, for the buffer of each blockwise scale tensor, the buffer of the weights that it scales."""
    owners = {}
    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            scales = getattr(getattr(tensor.quantization, "details", None), "scales", None)
            if scales is not None:
                owners[subgraph.tensors[scales].buffer] = tensor.buffer
    return owners


def _inline_scales(model: "ModelT", groups: dict[int, str]) -> Iterator[StoredTensor]:
    """Yield scales by row or tensor, which each signature stores again inside the graph."""
    for tensor in _constants(model):
        scale = getattr(tensor.quantization, "scale", None)
        if scale is not None and len(scale):
            size = SCALE_BYTES * len(scale) + ZERO_POINT_BYTES * len(tensor.quantization.zeroPoint)
            yield StoredTensor(groups.get(tensor.buffer, "constants"), "float32 scales", size, 0)


MODEL = "TFLiteModel"
GROUPS = {
    "HF_Tokenizer_Zlib": ("tokenizer", "zlib"),
    "SP_Tokenizer": ("tokenizer", "sentencepiece"),
    "LlmMetadataProto": ("metadata", "protobuf"),
    "ExecutorMetadataProto": ("metadata", "protobuf"),
}


def breakdown(bundle: Path, tflite: Path) -> list[ByteGroup]:
    """Return where the bytes of `bundle`, which holds `tflite`, go."""
    return account(stored_tensors(tflite), sections(bundle), bundle.stat().st_size)


def account(stored: Sequence[StoredTensor], parts: Iterable[Section], size: int) -> list[ByteGroup]:
    """Return rows of stored tensors, the graph around them, the other sections and the rest."""
    entries = list(stored)
    for part in parts:
        length = part.end - part.begin
        if part.kind == MODEL:
            graph = length - sum(entry.size for entry in stored)
            entries.append(StoredTensor("graph", "flatbuffer", graph, 0))
        else:
            entries.append(StoredTensor(*GROUPS.get(part.kind, ("other", "bytes")), length, 0))
    rest = size - sum(entry.size for entry in entries)
    return _rows([*entries, StoredTensor("header and padding", "bytes", rest, 0)])


def _rows(entries: Iterable[StoredTensor]) -> list[ByteGroup]:
    alike: dict[tuple[str, str], list[StoredTensor]] = defaultdict(list)
    for entry in entries:
        alike[entry.group, entry.dtype].append(entry)
    rows = [
        ByteGroup(
            group=group,
            dtype=dtype,
            bytes=sum(entry.size for entry in same),
            tensors=sum(entry.tensors for entry in same),
        )
        for (group, dtype), same in alike.items()
    ]
    return sorted(rows, key=lambda row: (-row.bytes, row.group, row.dtype))
