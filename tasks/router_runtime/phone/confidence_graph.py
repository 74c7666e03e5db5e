"""Calibration and scope as nodes of an ONNX graph: scores and known shares in, probabilities and chance out.

In double precision, as `tasks.router_runtime.confidence` counts: a steep scope model magnifies rounding.
"""

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tasks.router_runtime.confidence import AHEAD, Calibration, ScopeModel
from tasks.router_runtime.router import Router


class Graph:
    """Nodes and constants in the order in which they are added."""

    def __init__(self) -> None:
        """Start empty."""
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        """Add a node that writes `output`."""
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def added(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """Add a node and return the name of what it writes."""
        name = f"value_{len(self.nodes)}"
        self.add(kind, inputs, name, **attributes)
        return name

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a constant and return its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def ints(self, values: list[int]) -> str:
        """Add 64-bit integers."""
        return self.constant(f"constant_{len(self.constants)}", np.array(values, dtype=np.int64))

    def floats(self, values: list[float]) -> str:
        """Add 32-bit floats."""
        return self.constant(f"constant_{len(self.constants)}", np.array(values, dtype=np.float32))

    def doubles(self, values: object) -> str:
        """Add 64-bit floats."""
        return self.constant(f"constant_{len(self.constants)}", np.array(values, dtype=np.float64))


def add_confidence(graph: Graph, router: Router) -> None:
    """Add what makes `probabilities` (1, labels) and `in_scope` (1,) of `scores` (1, labels)."""
    scaled = graph.added("Mul", ["scores", graph.doubles([router.calibration.scale])])
    shares = graph.added("Softmax", [scaled], axis=1)
    if router.calibration.knots and len(router.labels) > 1:
        shares = _corrected(graph, router.calibration, scaled, shares, len(router.labels))
    graph.add("Identity", [shares], "probabilities")
    if router.scope is None:
        graph.add("Identity", [graph.doubles([1.0])], "in_scope")
    else:
        _add_scope(graph, router.scope, scaled, len(router.labels))


def _corrected(graph: Graph, calibration: Calibration, scaled: str, shares: str, labels: int) -> str:
    """Move the best label's probability along the knots, and spread the rest over the others."""
    best = graph.added("ArgMax", [shares], axis=1, keepdims=1)
    place = graph.constant("places", np.arange(labels, dtype=np.int64)[None])
    chosen = graph.added("Equal", [place, best])
    top = graph.added("ReduceMax", [shares], axes=[1], keepdims=1)
    others = graph.added("Softmax", [graph.added("Where", [chosen, graph.doubles(-1e300), scaled])], axis=1)
    second = graph.added("ReduceMax", [others], axes=[1], keepdims=1)
    even = graph.added("Div", [second, graph.added("Add", [second, graph.doubles([1.0])])])
    least = graph.added("Add", [even, graph.doubles([AHEAD])])
    wanted = graph.added("Max", [_between(graph, calibration, top), least])
    rest = graph.added("Sub", [graph.doubles([1.0]), wanted])
    return graph.added("Where", [chosen, wanted, graph.added("Mul", [others, rest])])


def _between(graph: Graph, calibration: Calibration, top: str) -> str:
    """Return the value between the knots: the sum of the rises that are passed, each in part or whole."""
    before, after = np.transpose(calibration.knots)
    if len(before) == 1:
        return graph.doubles([[after[0]]])
    width = np.maximum(np.diff(before), 1e-12)
    passed = graph.added(
        "Div", [graph.added("Sub", [top, graph.doubles([before[:-1]])]), graph.doubles([width])]
    )
    part = graph.added("Clip", [passed, graph.doubles(0.0), graph.doubles(1.0)])
    risen = graph.added("MatMul", [part, graph.doubles(np.diff(after)[:, None])])
    return graph.added("Add", [risen, graph.doubles([[after[0]]])])


def _add_scope(graph: Graph, scope: ScopeModel, scaled: str, labels: int) -> None:
    signs = _signs(graph, scaled, labels)
    kept = graph.added("Slice", [signs, graph.ints([0]), graph.ints([len(scope.mean)])])
    centred = graph.added("Sub", [kept, graph.doubles(scope.mean)])
    factors = graph.doubles(np.array(scope.weights) / np.array(scope.deviation))
    total = graph.added("ReduceSum", [graph.added("Mul", [centred, factors]), graph.ints([0])], keepdims=1)
    graph.add("Sigmoid", [graph.added("Add", [total, graph.doubles([scope.intercept])])], "in_scope")


def _signs(graph: Graph, scaled: str, labels: int) -> str:
    """Return best score, energy, margin and known shares in one row."""
    if labels == 1:
        return graph.added("Concat", [graph.doubles([0.0, 0.0, 0.0]), "known"], axis=0)
    values, places = "two_best", "two_places"
    graph.nodes.append(helper.make_node("TopK", [scaled, graph.ints([2])], [values, places], axis=1))
    two = graph.added("Reshape", [values, graph.ints([2])])
    best = graph.added("Slice", [two, graph.ints([0]), graph.ints([1])])
    second = graph.added("Slice", [two, graph.ints([1]), graph.ints([2])])
    energy = graph.added(
        "Reshape", [graph.added("ReduceLogSumExp", [scaled], axes=[1], keepdims=0), graph.ints([1])]
    )
    margin = graph.added("Sub", [best, second])
    return graph.added("Concat", [best, energy, margin, "known"], axis=0)
