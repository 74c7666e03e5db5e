"""A model's float graph without its weights: where each of them stands, in `graph.json`.

All models of one architecture have the same graph, so it is traced once and filled with each one's weights.
"""

from pathlib import Path

from pydantic import JsonValue

from tasks.records.files import Figures, read_json, write_json

FILE = "graph.json"
REST = "graph.bin"
"""The bytes of the graph between its weights."""


class Slot(Figures):
    """A range of the graph's bytes that holds a weight as it is."""

    begin: int
    bytes: int
    weights: list[str]
    """Names; several where the model holds the same values under each of them."""
    transposed: bool = False


class TracedGraph(Figures):
    """What a model must have to use the graph, and where its weights go."""

    config: dict[str, JsonValue]
    """The architecture, as `config.json` describes it."""
    shapes: dict[str, list[int]]
    """By the name of the weight."""
    slots: list[Slot]
    """In the order of the bytes."""
    fixed: dict[str, str]
    """Digests of weights that the graph holds in another form: whoever uses it must have the same."""


def write_graph(folder: Path, graph: TracedGraph) -> None:
    """Write `graph.json`."""
    write_json(folder / FILE, graph.model_dump(mode="json"))


def read_graph(folder: Path) -> TracedGraph:
    """Return what `graph.bin` is to be filled with; raise DataError where the record is damaged."""
    return read_json(folder / FILE, TracedGraph)
