"""Find a model's weights in its float graph.

In: a float `.tflite` and the weights that it was traced with. Out: the ranges of its bytes that are a weight
or its transpose. They are found by value, because constants have no names of their own. So a weight without
values of its own (all ones, as in an untrained norm, or a symmetric matrix) is not looked for, nor a matrix
where another constant of its size may have been made of it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tasks.records.graph import Slot

if TYPE_CHECKING:
    from ai_edge_litert.schema_py_generated import Buffer
    from numpy.typing import NDArray

Weights = Mapping[str, "NDArray[np.float32]"]
_MATRIX = 2


class Place(NamedTuple):
    """What a constant with certain bytes is."""

    weights: list[str]
    transposed: bool
    dimensions: int


def values_of(weights: Weights) -> dict[str, Place]:
    """Return by digest what a constant with these bytes is; to be called before a model is traced."""
    found: dict[str, Place] = {}
    for name, weight in weights.items():
        forms = {digest(weight): False} | ({digest(weight.T): True} if weight.ndim == _MATRIX else {})
        if (weight == weight.flat[0]).all() or len(forms) < min(weight.ndim, _MATRIX):
            continue
        for key, transposed in forms.items():
            found.setdefault(key, Place([], transposed, weight.ndim)).weights.append(name)
    return found


def find_slots(tflite: Path, values: Mapping[str, Place]) -> list[Slot]:
    """Return where the graph stores weights with these values, in its flatbuffer or behind it, in order."""
    content = np.memmap(tflite, dtype=np.uint8, mode="r")
    found, strays = [], set()
    for _, begin, size in constants(content):
        if place := values.get(hashlib.sha256(content[begin : begin + size].data).hexdigest()):
            found.append((begin, size, place))
        else:
            strays.add(size)
    return [
        Slot(begin=begin, bytes=size, weights=place.weights, transposed=place.transposed)
        for begin, size, place in sorted(found, key=lambda one: one[0])
        if place.dimensions < _MATRIX or size not in strays
    ]


def fixed_weights(weights: Weights, slots: list[Slot]) -> dict[str, str]:
    """Return the digests of the weights that have no slot."""
    placed = {name for slot in slots for name in slot.weights}
    return {name: digest(weight) for name, weight in weights.items() if name not in placed}


def digest(weight: "NDArray[np.float32]") -> str:
    """Return what tells one weight's values from another's."""
    return hashlib.sha256(np.ascontiguousarray(weight).data).hexdigest()


def constants(content: "NDArray[np.uint8]") -> Iterator[tuple[int, int, int]]:
    """Yield buffer, begin and size of every constant."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.BuffersLength()):
        begin, end = span(content, model.Buffers(index))
        if end > begin:
            yield index, begin, end - begin


def span(content: "NDArray[np.uint8]", buffer: "Buffer") -> tuple[int, int]:
    """Return begin and end of what a buffer stores; big models store it behind the flatbuffer."""
    if not buffer.DataLength():
        return buffer.Offset(), buffer.Offset() + buffer.Size()
    begin = buffer.DataAsNumpy().ctypes.data - content.ctypes.data
    return begin, begin + buffer.DataLength()
