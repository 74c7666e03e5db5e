"""A healed model's bundle: conversion stores the very whole numbers that healing ended on."""

import json
import subprocess
from pathlib import Path

import pytest
from quick_healing import healing_of_base

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
from tasks.convert.quantize import quantize
from tasks.models.int4 import Int4

healed, scratch, grid = Path(sys.argv[1]), Path(sys.argv[2]), Int4.model_validate_json(sys.argv[3])
config = ConvertConfig(quantization=grid, prefill_lengths=(32,), cache_length=64)
tflite = trace(load(healed, config.graph(), scratch, lambda: None), lambda: None)
quantize(tflite, scratch / "int4.tflite", grid, 32)

from ai_edge_litert import schema_py_generated as schema
model = schema.ModelT.InitFromPackedBuf((scratch / "int4.tflite").read_bytes(), 0)
kinds = {schema.TensorType.INT4: "int4", schema.TensorType.INT8: "int8"}
found = {}
for subgraph in model.subgraphs:
    for tensor in subgraph.tensors:
        data = model.buffers[tensor.buffer].data
        if tensor.type in kinds and data is not None and len(tensor.shape) == 2:
            found[tensor.buffer] = [kinds[tensor.type], bytes(data).hex()]
print("STORED" + json.dumps(list(found.values())))
"""


@pytest.mark.parametrize("table", ["int8", "int4"])
def test_conversion_stores_what_healing_ended_on(base: Path, text: Path, tmp_path: Path, table: str) -> None:
    from tasks.heal.run import run

    grid = Int4.model_validate({"block_size": 32, "embedding": table, "head": table})
    healed = tmp_path / "healed"
    healed.mkdir()
    run({"base": base, "text": text}, healing_of_base(grid), Workspace(healed, tmp_path, silent))
    command = [CONVERTER, "-c", STORED, healed, tmp_path, grid.model_dump_json()]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("STORED"))
    stored = [tuple(entry) for entry in json.loads(line.removeprefix("STORED"))]
    # As a list, so that a table that is stored again for the head is seen.
    assert sorted(stored) == sorted(expected(healed, tmp_path, grid))


def expected(healed: Path, scratch: Path, quantization: Int4) -> list[tuple[str, str]]:
    """Return the packed bytes of each matrix that healing ended on, with the type that stores them."""
    import torch

    from tasks.heal.checkpoint import NAME
    from tasks.heal.grid_model import model_grid
    from tasks.models.grid import levels
    from tasks.models.loading import load_model

    model, table = load_model(healed), "model.embed_tokens.weight"
    ended_on = torch.load(scratch / NAME, weights_only=True)["state"]["best"]
    ended_on[table] = model.get_parameter(table).detach()
    found, grids = [], model_grid(model, healed, quantization)
    for name, grid in {**grids.body, table: grids.table}.items():
        numbers = levels(ended_on[name], grid)[0].flatten().int()
        if grid.bits == 4:
            numbers = (numbers[0::2] & 15) | ((numbers[1::2] & 15) << 4)
        found.append((f"int{grid.bits}", bytes((numbers & 255).tolist()).hex()))
    return found
