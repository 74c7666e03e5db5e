"""Export a classifier as ONNX: a torch module in, the bytes of a graph out.

Names, traces and comments of the exporter are dropped, so that equal weights give equal bytes and no
path of this machine ships. Each export is run by onnxruntime and compared with torch before it is used.
"""

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from tasks.kernel.errors import ModelError
from tasks.route.encoder.pooling import PooledEncoder
from tasks.router_runtime.neural import session_of
from tasks.router_runtime.question_scores import Floats

Precision = Literal["float32", "int8"]
_WEIGHT, _BIAS = "head.weight", "head.bias"
_FARTHEST = 1e-3
"""Of a number in an embedding of length 1, between torch and onnxruntime at float32."""
_LEAST_COSINE = 0.8
"""Between the embeddings at float32 and at int8."""


def export_graph(model: PooledEncoder) -> bytes:
    """Return the graph: `input_ids`, `attention_mask` to `embedding`, `scores`, for any batch and length.

    Raises ModelError where onnxruntime's numbers differ from torch's.
    """
    model = model.cpu().float().eval()
    sample = _sample(model.encoder.config.vocab_size)
    graph = _plain_graph(model, sample)
    with torch.no_grad():
        wanted = model(*(torch.from_numpy(one) for one in sample))[0].numpy()
    _require_alike(np.abs(_embedding(graph, sample) - wanted).max() <= _FARTHEST, "float32")
    return graph


def with_head(graph: bytes, weight: Floats, bias: Floats) -> bytes:
    """Return the graph with another head: `weight` (labels, width), `bias` (labels,)."""
    model = onnx.load_from_string(graph)
    heads = {_WEIGHT: weight, _BIAS: bias}
    for tensor in model.graph.initializer:
        if tensor.name in heads:
            tensor.CopyFrom(numpy_helper.from_array(heads[tensor.name].astype(np.float32), tensor.name))
    scores = next(output for output in model.graph.output if output.name == "scores")
    scores.type.tensor_type.shape.dim[1].dim_value = len(bias)
    return _bytes(model)


def at_precision(graph: bytes, precision: Precision) -> bytes:
    """Return the float32 graph at `precision`; raise ModelError where int8 bends its embeddings too much.

    The head stays at float32: it decides by small differences, and weighs little.
    """
    if precision == "float32":
        return graph
    small = _quantized(graph)
    sample = _sample(_vocabulary(graph))
    cosines = (_embedding(small, sample) * _embedding(graph, sample)).sum(axis=1)
    _require_alike(cosines.min() >= _LEAST_COSINE, precision)
    return small


def _sample(words: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.random.default_rng(0).integers(words // 2, words, (2, 7))
    mask = np.ones_like(ids)
    mask[1, 5:] = 0
    return ids, mask


def _vocabulary(graph: bytes) -> int:
    tensors = onnx.load_from_string(graph).graph.initializer
    return int(next(one.dims[0] for one in tensors if one.name.endswith("word_embeddings.weight")))


def _plain_graph(model: PooledEncoder, sample: tuple[np.ndarray, np.ndarray]) -> bytes:
    sizes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with _quiet():
        exported = torch.onnx.export(
            model,
            tuple(torch.from_numpy(one) for one in sample),
            input_names=["input_ids", "attention_mask"],
            dynamic_shapes={"input_ids": sizes, "attention_mask": sizes},
            dynamo=True,
            verbose=False,
        )
    program = cast("torch.onnx.ONNXProgram", exported)
    graph = program.model.graph
    for number, node in enumerate(graph):
        node.name, node.doc_string = f"node_{number}", None
        node.metadata_props.clear()
        for place, value in enumerate(node.outputs):
            value.name, value.doc_string = f"value_{number}_{place}", None
            value.metadata_props.clear()
    for value, name in zip(graph.outputs, ("embedding", "scores"), strict=True):
        value.name = name
    return _bytes(program.model_proto)


def _quantized(graph: bytes) -> bytes:
    model = onnx.load_from_string(graph)
    head = [node.name for node in model.graph.node if _WEIGHT in node.input]
    # The quantizer renames a Gemm that it takes apart.
    kept = head + [f"{name}_MatMul" for name in head]
    with tempfile.TemporaryDirectory() as name, _quiet():
        path = Path(name) / "int8.onnx"
        quantize_dynamic(model, path, weight_type=QuantType.QInt8, per_channel=True, nodes_to_exclude=kept)
        return _bytes(onnx.load(path))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what exporter and quantizer tell their own authors out of the run's log."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _bytes(model: onnx.ModelProto) -> bytes:
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    model.doc_string = model.graph.doc_string = ""
    return bytes(model.SerializeToString(deterministic=True))


def _embedding(graph: bytes, sample: tuple[np.ndarray, np.ndarray]) -> Floats:
    session: ort.InferenceSession = session_of(graph)
    found: Floats = session.run(
        ["embedding"], dict(zip(("input_ids", "attention_mask"), sample, strict=True))
    )[0]
    return found


def _require_alike(alike: bool | np.bool_, precision: Precision) -> None:
    if not alike:
        message = f"the encoder's ONNX export at {precision} gives other embeddings than torch"
        raise ModelError(f"{message}; use another `model`, or `precision: float32`")
