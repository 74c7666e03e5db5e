"""A TF-IDF router as an ONNX graph: places of a question's n-grams in, scores and probabilities out.

What is left to the app is cutting the question into n-grams and looking them up, for which phones have no
operator that knows Unicode words; counting, weighing, calibration and scope are inside.
"""

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper

from tasks.router_runtime.linear import LinearScorer
from tasks.router_runtime.phone.confidence_graph import Graph, add_confidence
from tasks.router_runtime.router import Router

OPSET, IR_VERSION = 17, 8
"""Old enough for the runtimes that phones have."""


def linear_graph(router: Router, scorer: LinearScorer) -> ModelProto:
    """Return the graph: `columns` (n,) with repeats and `totals` (blocks,) in, three outputs."""
    graph = Graph()
    _add_counts(graph, scorer)
    shares = [_add_block(graph, scorer, place) for place in range(len(scorer.blocks))]
    graph.add("Sum", [f"weights_{place}" for place in range(len(scorer.blocks))], "weights")
    graph.add("Gather", ["coef", "distinct"], "rows", axis=0)
    graph.add("MatMul", [graph.added("Unsqueeze", ["weights", graph.ints([0])]), "rows"], "sums")
    graph.add("Add", [graph.added("Cast", ["sums"], to=TensorProto.DOUBLE), "intercept"], "scores")
    graph.add("Concat", shares, "known", axis=0)
    add_confidence(graph, router)
    return _model(graph, router, scorer)


def _add_counts(graph: Graph, scorer: LinearScorer) -> None:
    """Count each column once. A column of zeros comes last, so that no list is ever empty."""
    empty = len(scorer.idf)
    coef = np.vstack([scorer.coef.T, np.zeros(len(scorer.intercept))])
    graph.constant("coef", coef.astype(np.float32))
    graph.constant("idf", np.append(scorer.idf, 0).astype(np.float32))
    graph.constant("intercept", scorer.intercept.astype(np.float64)[None])
    graph.add("Concat", ["columns", graph.ints([empty])], "found", axis=0)
    graph.nodes.append(helper.make_node("Unique", ["found"], ["distinct", "", "", "counted"], axis=0))
    graph.add("Cast", ["counted"], "counts", to=TensorProto.FLOAT)
    graph.add("Gather", ["idf", "distinct"], "rarity", axis=0)


def _add_block(graph: Graph, scorer: LinearScorer, place: int) -> str:
    """Weigh the columns of one block in a row of length 1; return the name of its known share."""
    start, end = scorer.ranges[place][1:]
    after = graph.added("GreaterOrEqual", ["distinct", graph.ints([start])])
    before = graph.added("Less", ["distinct", graph.ints([end])])
    inside = graph.added("Cast", [graph.added("And", [after, before])], to=TensorProto.FLOAT)
    counts = graph.added("Mul", ["counts", inside])
    tf = counts
    if scorer.blocks[place].sublinear:
        logs = graph.added("Add", [graph.added("Log", ["counts"]), graph.floats([1.0])])
        tf = graph.added("Mul", [logs, inside])
    weights = graph.added("Mul", [tf, "rarity"])
    length = graph.added("ReduceL2", [weights], keepdims=1, axes=[0])
    safe = graph.added("Max", [length, graph.floats([1e-30])])
    graph.add("Div", [weights, safe], f"weights_{place}")
    known = graph.added("ReduceSum", [counts, graph.ints([0])], keepdims=1)
    total = graph.added("Slice", ["totals", graph.ints([place]), graph.ints([place + 1])])
    least = graph.added("Max", [graph.added("Cast", [total], to=TensorProto.FLOAT), graph.floats([1.0])])
    return graph.added("Cast", [graph.added("Div", [known, least])], to=TensorProto.DOUBLE)


def _model(graph: Graph, router: Router, scorer: LinearScorer) -> ModelProto:
    labels = len(router.labels)
    inputs: dict[str, list[str | int | None]] = {"columns": ["n"], "totals": [len(scorer.blocks)]}
    outputs = [("scores", [1, labels]), ("probabilities", [1, labels]), ("in_scope", [1])]
    made = helper.make_graph(
        graph.nodes,
        "router",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape) for name, shape in outputs],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model, full_check=True)
    return model
