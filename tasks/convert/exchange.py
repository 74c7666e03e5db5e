"""Take the weights out of a float graph, and put another model's in.

In: a graph and the weights that it was traced with; later a model of the same architecture. Out: a folder
with everything but the weights; a `.tflite` equal to the one that tracing that model would give. A model that
does not fit is refused by name: with the wrong weights a graph would still answer.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydantic import JsonValue

from tasks.convert.slots import Place, Weights, digest, find_slots, fixed_weights
from tasks.kernel.errors import ModelError
from tasks.records.graph import REST, TracedGraph, read_graph, write_graph

_CHUNK = 2**24


@dataclass(frozen=True)
class Contents:
    """All of a model that its graph depends on."""

    config: Mapping[str, JsonValue]
    """The architecture, as `config.json` describes it."""
    weights: Weights


def take_out(tflite: Path, model: Contents, values: Mapping[str, Place], folder: Path) -> TracedGraph:
    """Write the model's graph to `folder` without its weights, whose values were these before tracing."""
    slots = find_slots(tflite, values)
    graph = TracedGraph(
        config=model.config,
        shapes={name: list(weight.shape) for name, weight in model.weights.items()},
        slots=slots,
        fixed=fixed_weights(model.weights, slots),
    )
    with tflite.open("rb") as source, (folder / REST).open("wb") as rest:
        for slot in slots:
            _copy(source, rest, slot.begin - source.tell())
            source.seek(slot.bytes, 1)
        shutil.copyfileobj(source, rest, _CHUNK)
    write_graph(folder, graph)
    return graph


def put_in(folder: Path, model: Contents, target: Path, name: Path) -> None:
    """Write the graph in `folder` with the model's weights to `target`.

    Raises ModelError, which calls the model `name`, where it is not as the one that was traced.
    """
    graph = read_graph(folder)
    if problem := next(_misfits(graph, model), ""):
        raise ModelError(
            f"{name}: {problem}, so it cannot use the graph of its base model;"
            " set `convert.trace: own`, which traces each expert by itself"
        )
    with (folder / REST).open("rb") as rest, target.open("wb") as file:
        for slot in graph.slots:
            _copy(rest, file, slot.begin - file.tell())
            weight = model.weights[slot.weights[0]]
            file.write(np.ascontiguousarray(weight.T if slot.transposed else weight).data)
        shutil.copyfileobj(rest, file, _CHUNK)


def _misfits(graph: TracedGraph, model: Contents) -> Iterator[str]:
    """Yield what is different from the model that was traced, and counts."""
    for field in sorted(graph.config.keys() | model.config.keys()):
        if (was := graph.config.get(field)) != (now := model.config.get(field)):
            yield f"config.json: {field} is {now!r} and was {was!r}"
    shapes = {name: list(weight.shape) for name, weight in model.weights.items()}
    for name in sorted(graph.shapes.keys() | shapes.keys()):
        if (had := graph.shapes.get(name)) != (has := shapes.get(name)):
            yield f"weight {name} has the shape {has or 'none'} and had {had or 'none'}"
    yield from _other_values(graph, model.weights)


def _other_values(graph: TracedGraph, weights: Weights) -> Iterator[str]:
    for name, value in graph.fixed.items():
        if digest(weights[name]) != value:
            yield f"weight {name} has other values, and the graph holds it in a form of its own"
    for first, *others in (slot.weights for slot in graph.slots):
        for other in others:
            if not np.array_equal(weights[first], weights[other]):
                yield f"weights {first} and {other} differ, and the graph holds them once"


def _copy(source: BinaryIO, target: BinaryIO, count: int) -> None:
    while count > 0 and (part := source.read(min(count, _CHUNK))):
        target.write(part)
        count -= len(part)
