"""The grid: values rounded here are what the converter stores, bit for bit, and stay where they are."""

import json
import subprocess
from pathlib import Path

import pytest
import torch

from tasks.models.grid import StraightThrough, levels, on_grid
from tasks.models.int4 import ROWS, Grid
from tasks.models.sources import EmbeddedModel

PROJECT = Path(__file__).parents[2]
CONVERTER = PROJECT / ".venv-convert" / "bin" / "python"
GRIDS = [Grid(4, 32), Grid(4, 64), ROWS]
LAYERS = ["model.layers.0.self_attn.k_proj", "model.layers.7.mlp.down_proj", "model.layers.29.mlp.up_proj"]
COMPARE = """
import json, sys
import numpy, safetensors.torch
from ai_edge_quantizer.algorithms.uniform_quantize import uniform_quantize_tensor as quantizer
from ai_edge_quantizer.qtyping import QuantGranularity, UniformQuantParams
from tasks.models.grid import levels
from tasks.models.int4 import ROWS, Grid

def stored(weight, grid):
    blocks = weight.reshape(len(weight), -1, grid.block or weight.shape[1])
    kind = QuantGranularity[f"BLOCKWISE_{grid.block}" if grid.block else "CHANNELWISE"]
    ends = blocks.min(-1), blocks.max(-1)
    zero, scale = quantizer.tensor_zp_scale_from_min_max(*ends, grid.bits, True, kind)
    axis = 1 if grid.block else 0
    scheme = UniformQuantParams(grid.bits, axis, scale, zero, symmetric=True, block_size=grid.block or 0)
    return quantizer.uniform_quantize(weight, scheme, bool(grid.block)), scale

with safetensors.safe_open(sys.argv[1], "pt") as file:
    weights = {name: file.get_tensor(f"{name}.weight").float() for name in sys.argv[2:]}
equal = {}
for name, weight in weights.items():
    for grid in (Grid(4, 32), Grid(4, 64), ROWS):
        theirs, scale = stored(weight.numpy(), grid)
        ours, scales = levels(weight, grid)
        same = numpy.array_equal(theirs, ours.reshape(weight.shape).numpy())
        equal[f"{name} {grid}"] = same and numpy.array_equal(scale.ravel(), scales.numpy().ravel())
print(json.dumps(equal))
"""


@pytest.mark.slow
def test_real_matrices_become_what_the_quantizer_stores() -> None:
    weights = EmbeddedModel().folder() / "model.safetensors"
    command = [CONVERTER, "-c", COMPARE, weights, *LAYERS]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    equal = json.loads(done.stdout)
    assert len(equal) == len(LAYERS) * len(GRIDS)
    assert all(equal.values()), equal


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("size", [1e-3, 0.05, 30.0])
def test_rounding_again_changes_no_bit(grid: Grid, size: float) -> None:
    once = on_grid(torch.randn(48, 192, generator=torch.manual_seed(0)) * size, grid)
    assert torch.equal(on_grid(once, grid), once)


@pytest.mark.parametrize(("grid", "numbers"), [(Grid(4, 32), 15), (ROWS, 255)])
def test_a_grid_has_all_values_that_its_bits_allow_but_the_lowest(grid: Grid, numbers: int) -> None:
    block = grid.block or 32 * 2048
    found = levels(torch.linspace(-1, 1, 32 * 2048).reshape(-1, block), grid)[0]
    assert len(found.unique()) == numbers
    assert found.min() == -found.max() == -(2 ** (grid.bits - 1) - 1)


def test_a_block_of_zeros_stays_one() -> None:
    weight = torch.zeros(4, 64)
    weight[:, 32:] = 7.0
    assert torch.equal(on_grid(weight, Grid(4, 32)), weight)
    assert torch.equal(on_grid(weight * 0, ROWS), weight * 0)


def test_the_gradient_goes_straight_through() -> None:
    weight = torch.randn(8, 64, requires_grad=True)
    wanted = torch.randn(8, 64)
    (StraightThrough(Grid(4, 32))(weight) * wanted).sum().backward()
    assert torch.equal(weight.grad, wanted)
