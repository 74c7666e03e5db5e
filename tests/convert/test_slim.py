"""Names that nobody needs are taken out of a graph, and every buffer holds what it held."""

import subprocess
from pathlib import Path

import pytest
from tiny_bundle import CONVERTER, PROJECT

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from pathlib import Path
import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from tasks.convert.slim import without_names

def packed(model):
    builder = flatbuffers.Builder(64)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())

def read(path):
    content = path.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    inside = bytes(model.buffers[1].data)
    behind = [content[one.offset : one.offset + one.size] for one in model.buffers[2:]]
    return [tensor.name for tensor in graph.tensors], inside, behind, model.signatureDefs[0].inputs[0].name, [
        one.offset % 16 for one in model.buffers[2:]
    ]

folder = Path(sys.argv[1])
model, graph = schema.ModelT(), schema.SubGraphT()
model.buffers = [schema.BufferT() for _ in range(4)]
model.buffers[1].data = list(b"inside")
graph.tensors = []
for place in (1, 2, 3):
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = b"a/long/path/of/a/module" * 20, [1], place
    graph.tensors.append(tensor)
signature, named = schema.SignatureDefT(), schema.TensorMapT()
named.name, named.tensorIndex = b"tokens", 0
signature.signatureKey, signature.inputs, signature.outputs = b"decode", [named], []
model.version, model.subgraphs, model.signatureDefs = 3, [graph], [signature]
for buffer, offset in zip(model.buffers[2:], (1, 1)):
    buffer.offset, buffer.size = offset, 5
head = packed(model)
start = -(-len(head) // 16) * 16
model.buffers[2].offset, model.buffers[3].offset = start, start + 16
behind = b"first".ljust(16, b"\\0") + b"other"
(folder / "named.tflite").write_bytes(packed(model).ljust(start, b"\\0") + behind)
without_names(folder / "named.tflite", folder / "slim.tflite")
before, after = read(folder / "named.tflite"), read(folder / "slim.tflite")
assert before[2] == [b"first", b"other"], before
assert after == ([None] * 3, b"inside", [b"first", b"other"], b"tokens", [0, 0]), after
"""


def test_buffers_in_the_graph_and_behind_it_stay_as_they_are(tmp_path: Path) -> None:
    done = subprocess.run(
        [CONVERTER, "-c", SCRIPT, tmp_path], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    slim, named = ((tmp_path / name).stat().st_size for name in ("slim.tflite", "named.tflite"))
    assert slim < named - 1000
