"""Slots: a weight is found as it is or transposed, in the flatbuffer or behind it, and never by mistake."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
CONVERTER = PROJECT / ".venv-convert" / "bin" / "python"
SCRIPT = """
import json, sys
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tasks.convert.exchange import Contents, put_in, take_out
from tasks.convert.slots import values_of

root = Path(sys.argv[1])

def model(weights, places):
    return Contents({"layers": 1}, {name: weights[name] for name in places})

def constants(weights):
    # What the graph holds, and whether behind the flatbuffer.
    return [
        (weights["inside"], False),
        (weights["behind"], True),
        (weights["turned"].T, True),
        (weights["copied"], False),
        (weights["copied"] + 1, True),
        (weights["twin"], True),
        (weights["norm"] + 1, False),
    ]

def packed(stored):
    content = schema.ModelT()
    content.buffers = [schema.BufferT()]
    for data, _ in stored:
        content.buffers.append(schema.BufferT())
    def written(offset):
        for buffer, (data, outside) in zip(content.buffers[1:], stored):
            raw = np.frombuffer(np.ascontiguousarray(data).tobytes(), dtype=np.uint8)
            buffer.data = None if outside else raw
            buffer.offset, buffer.size = (offset, len(raw)) if outside else (0, 0)
            offset += len(raw) if outside else 0
        builder = flatbuffers.Builder(0)
        builder.Finish(content.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())
    body = written(len(written(1)))
    return body + b"".join(np.ascontiguousarray(data).tobytes() for data, outside in stored if outside)

def drawn(seed):
    random = np.random.default_rng(seed)
    shapes = {"inside": (4, 6), "behind": (8, 6), "turned": (5, 3), "copied": (7, 3), "twin": (2, 9)}
    shapes["norm"] = (6,)
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    ones = {"ones": np.ones(11, np.float32), "symmetric": np.eye(13, dtype=np.float32)}
    return {**weights, "other twin": weights["twin"], **ones}

found = {}
base, other = drawn(0), drawn(1)
(root / "base.tflite").write_bytes(packed(constants(base)))
(root / "graph").mkdir()
graph = take_out(root / "base.tflite", model(base, base), values_of(base), root / "graph")
found["slots"] = [[slot.weights, slot.transposed] for slot in graph.slots]
found["fixed"] = sorted(graph.fixed)
fitting = {**other, **{name: base[name] for name in graph.fixed}}
put_in(root / "graph", model(fitting, base), root / "filled.tflite", root / "other")
(root / "expected.tflite").write_bytes(packed(constants(fitting)))
for name, weights in {
    "copied": {**fitting, "copied": other["copied"]},
    "twin": {**fitting, "other twin": other["inside"][:2].repeat(2, 1)[:, :9]},
    "missing": {key: value for key, value in fitting.items() if key != "inside"},
}.items():
    try:
        put_in(root / "graph", model(weights, weights), root / "none.tflite", Path(name))
    except OSError as error:
        found[name] = str(error).partition(",")[0]
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the weights out of a graph that was made by hand, and put others in."""
    folder = tmp_path_factory.mktemp("slots")
    command = [CONVERTER, "-c", SCRIPT, folder]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND"))
    (folder / "found.json").write_text(line.removeprefix("FOUND"))
    return folder


def found(root: Path) -> dict[str, object]:
    return json.loads((root / "found.json").read_text())


def test_weights_are_found_inside_and_behind_the_flatbuffer_and_transposed(root: Path) -> None:
    slots = {tuple(weights): transposed for weights, transposed in found(root)["slots"]}
    assert slots == {
        ("inside",): False,
        ("behind",): False,
        ("turned",): True,
        ("twin", "other twin"): False,
    }


def test_other_weights_take_their_places_to_the_byte(root: Path) -> None:
    assert (root / "filled.tflite").read_bytes() == (root / "expected.tflite").read_bytes()
    assert (root / "filled.tflite").read_bytes() != (root / "base.tflite").read_bytes()


def test_what_the_graph_may_hold_in_another_form_is_fixed(root: Path) -> None:
    assert found(root)["fixed"] == ["copied", "norm", "ones", "symmetric"]
    assert found(root)["copied"] == "copied: weight copied has other values"


def test_values_that_are_stored_once_must_stay_the_same(root: Path) -> None:
    assert found(root)["twin"] == "twin: weights twin and other twin differ"


def test_a_missing_weight_is_named(root: Path) -> None:
    assert found(root)["missing"] == "missing: weight inside has the shape none and had [4"
