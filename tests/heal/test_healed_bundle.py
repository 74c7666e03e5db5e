"""A healed model's bundle: conversion stores the whole numbers that healing ended on, in the bytes foretold.

Whole and mixed recipes alike: single layers and the token table have kinds of their own.
"""

import json
import subprocess
from pathlib import Path

import pytest
from quick_healing import GRID, healing_of_base

from tasks.kernel.workspace import Workspace, silent
from tasks.models.int4 import Int4

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
CONVERTER = PROJECT / ".venv-convert" / "bin" / "python"
STORED = """
import json, sys
from pathlib import Path
from tasks.convert.config import ConvertConfig
from tasks.convert.graph import load, trace
from tasks.convert.quantize import kept_apart, quantize
from tasks.models.int4 import Int4

healed, scratch = map(Path, sys.argv[1:3])
grid = Int4.model_validate_json(sys.argv[3])
config = ConvertConfig(quantization=grid, prefill_lengths=(32,), cache_length=64)
source = load(healed, config.graph(), scratch, lambda: None)
apart = kept_apart(grid, source.contents().weights)
quantize(trace(source, lambda: None), scratch / "int4.tflite", grid, 32, apart)

from ai_edge_litert import schema_py_generated as schema
model = schema.ModelT.InitFromPackedBuf((scratch / "int4.tflite").read_bytes(), 0)
kinds = {schema.TensorType.INT4: "int4", schema.TensorType.INT8: "int8"}
found = {}
for subgraph in model.subgraphs:
    for tensor in subgraph.tensors:
        data = model.buffers[tensor.buffer].data
        if tensor.type in kinds and data is not None and len(tensor.shape) == 2:
            found[tensor.buffer] = [kinds[tensor.type], bytes(data).hex()]
from tasks.convert.breakdown import stored_tensors
rounded = ("int4", "int8", "float16 scales", "float32 scales")
total = sum(one.size for one in stored_tensors(scratch / "int4.tflite") if one.dtype in rounded)
print("STORED" + json.dumps({"matrices": list(found.values()), "bytes": total}))
"""


LAYERS = ("*.k_proj", "model.layers.0.*")
GRIDS = [GRID, GRID.model_copy(update={"embedding": "int4", "head": "int4", "int8_layers": LAYERS})]


@pytest.mark.parametrize("grid", GRIDS, ids=["uniform", "mixed"])
def test_conversion_stores_what_healing_ended_on(base: Path, text: Path, tmp_path: Path, grid: Int4) -> None:
    from tasks.heal.run import run

    healed = tmp_path / "healed"
    healed.mkdir()
    run({"base": base, "text": text}, healing_of_base(grid), Workspace(healed, tmp_path, silent))
    command = [CONVERTER, "-c", STORED, healed, tmp_path, grid.model_dump_json()]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("STORED"))
    told = json.loads(line.removeprefix("STORED"))
    assert {tuple(entry) for entry in told["matrices"]} == expected(healed, tmp_path, grid)
    assert told["bytes"] == predicted(healed, grid)


def predicted(healed: Path, grid: Int4) -> int:
    """Return what the search for a recipe would say of this one."""
    from tasks.convert.recipe.candidates import candidate
    from tasks.convert.recipe.sizes import stored_bytes
    from tasks.models.loading import load_model

    shapes = {name: tuple(weight.shape) for name, weight in load_model(healed).named_parameters()}
    return stored_bytes(shapes, candidate(shapes, grid, 32).grids, "", signatures=2)


def expected(healed: Path, scratch: Path, grid: Int4) -> set[tuple[str, str]]:
    """Return the packed bytes of each matrix that healing ended on, with the type that stores them."""
    import torch

    from tasks.heal.checkpoint import NAME
    from tasks.heal.grid_model import model_grid
    from tasks.models.grid import levels
    from tasks.models.loading import load_model

    model, table = load_model(healed), "model.embed_tokens.weight"
    ended_on = torch.load(scratch / NAME, weights_only=True)["state"]["best"]
    ended_on[table] = model.get_parameter(table).detach()
    found = set()
    whole = model_grid(model, healed, grid)
    for name, one in {**whole.body, table: whole.embedding}.items():
        numbers = levels(ended_on[name], one)[0].flatten().int()
        if one.bits == 4:
            numbers = (numbers[0::2] & 15) | ((numbers[1::2] & 15) << 4)
        found.add((f"int{one.bits}", bytes((numbers & 255).tolist()).hex()))
    return found
