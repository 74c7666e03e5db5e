"""Find the operators that apply certain weights in a float graph.

In: a float `.tflite`, and weights by their values. Out: the names of those operators' outputs, by which the
quantizer tells layers apart. The names alone do not say whose they are: where several layers read one input,
the exporter names each after all of them.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.convert.slots import Place, constants
from tasks.kernel.errors import ModelError

if TYPE_CHECKING:
    from ai_edge_litert.schema_py_generated import Model
    from numpy.typing import NDArray


def scopes_of(tflite: Path, values: Mapping[str, Place]) -> list[str]:
    """Return a pattern for each operator that applies one of the weights with these values, in order.

    Raises ModelError for a weight that no operator takes as it is, or whose operators are called as others.
    """
    from ai_edge_litert import schema_py_generated as schema

    content = np.memmap(tflite, dtype=np.uint8, mode="r")
    owners = _owners(content, values)
    found: dict[str, set[str]] = defaultdict(set)
    for name, buffers in _outputs(schema.Model.GetRootAs(content, 0)):
        found[name] |= {owners.get(buffer, "") for buffer in buffers}
    known = {name: weights - {""} for name, weights in found.items() if weights - {""}}
    missing = sorted(
        set().union(*(place.weights for place in values.values())) - set().union(*known.values())
    )
    mixed = sorted(name for name in known if "" in found[name])
    if missing or mixed:
        raise ModelError(
            f"{missing[0] if missing else ', '.join(sorted(known[mixed[0]]))}: the graph does not keep this"
            " layer apart, so it cannot have 8 bits of its own; take it out of `quantization.int8_layers`"
        )
    return [f"^{re.escape(name)};$" for name in sorted(known)]


def _owners(content: "NDArray[np.uint8]", values: Mapping[str, Place]) -> dict[int, str]:
    """Return by buffer which of the weights it holds."""
    found = {}
    for buffer, begin, size in constants(content):
        place = values.get(hashlib.sha256(content[begin : begin + size].data).hexdigest())
        if place:
            found[buffer] = place.weights[0]
    return found


def _outputs(model: "Model") -> Iterator[tuple[str, list[int]]]:
    """Yield of each linear operator how its output is called, and the buffer of its matrix."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    matrix = 1
    for graph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        for operator in (graph.Operators(index) for index in range(graph.OperatorsLength())):
            code = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
            if code == BuiltinOperator.FULLY_CONNECTED:
                output = graph.Tensors(operator.Outputs(0)).Name().decode()
                yield output, [graph.Tensors(operator.Inputs(matrix)).Buffer()]
