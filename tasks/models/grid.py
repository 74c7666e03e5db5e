"""Weights on the grid that a bundle stores, and a forward pass on it whose gradient goes straight through.

In: a float32 matrix and a `Grid`. Out: the same matrix of values that the grid has. The arithmetic is that of
ai-edge-quantizer's symmetric min-max: what is trained on another grid would be moved again by conversion.
"""

import torch
from torch.autograd.function import FunctionCtx

from tasks.models.int4 import Grid

_SMALLEST_BOUND = 1e-9
"""The quantizer's own: a block of zeros has a scale too."""


def on_grid(weight: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Return `weight` (rows x inputs, float32) rounded to `grid`."""
    return _restored(*levels(weight, grid), weight)


def levels(weight: torch.Tensor, grid: Grid) -> tuple[torch.Tensor, torch.Tensor]:
    """Return whole numbers (rows x blocks x inputs of a block) and scales (rows x blocks x 1), in float32."""
    blocks = weight.reshape(len(weight), -1, grid.block or weight.shape[1])
    scales = stored_scale(blocks.abs().amax(-1, keepdim=True), grid)
    lowest = -grid.largest - 1 if grid.block else -grid.largest
    return (blocks / scales).round_().clamp_(lowest, grid.largest).nan_to_num_(0.0), scales


def stored_scale(largest: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Return the scale of blocks whose largest weights have these sizes, as LiteRT stores it."""
    scales = largest.clamp_min(_SMALLEST_BOUND) / grid.largest
    # In such a small number as 1e-8 nothing is left.
    return scales.bfloat16().half().float() if grid.block else scales


class StraightThrough(torch.nn.Module):
    """A parametrization: the layer sees its weight on the grid, and the weight the layer's gradient."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.grid = grid

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weight as the bundle will have it."""
        rounded: torch.Tensor = _Rounded.apply(weight, self.grid)  # type: ignore[no-untyped-call]  # torch has no types for it
        return rounded


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(_: FunctionCtx, weight: torch.Tensor, grid: Grid) -> torch.Tensor:
        return on_grid(weight, grid)

    @staticmethod
    def backward(_: FunctionCtx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradient, None


def _restored(numbers: torch.Tensor, scales: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return (numbers * scales).reshape(like.shape)
