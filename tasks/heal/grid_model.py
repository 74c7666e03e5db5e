"""A model that runs on its bundle's grid while its float weights are trained.

In: a float32 model and its grid. Out: the same model, whose body sees rounded weights, whose table and head
are rounded for good, and whose body alone has gradients; and a copy with what a bundle will store.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch.nn.utils import parametrize
from transformers import PreTrainedModel

from tasks.models.compute_type import ComputeType
from tasks.models.grid import StraightThrough, on_grid
from tasks.models.int4 import BlockSize, Grid, Int4, block_size, body_grids, embedding_grid, head_grid
from tasks.models.loading import load_model
from tasks.models.precision import DTYPES, gpu_options


@dataclass(frozen=True)
class ModelGrid:
    """The grid of every matrix that a bundle stores rounded."""

    body: Mapping[str, Grid]
    """By the name of the weight."""
    embedding: Grid
    head: Grid
    block_size: BlockSize


def model_grid(model: PreTrainedModel, folder: Path, quantization: Int4) -> ModelGrid:
    """Return the grid of the model in `folder`; raise BlockSizeError where none fits it."""
    size = block_size(folder, quantization)
    shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    return ModelGrid(
        body=body_grids(shapes, quantization, size),
        embedding=embedding_grid(quantization, size),
        head=head_grid(quantization, size),
        block_size=size,
    )


def load_float(folder: Path) -> PreTrainedModel:
    """Load a model in float32, on the GPU where there is one, without gradients."""
    return load_teacher(folder, "float32")


def load_teacher(folder: Path, compute_dtype: ComputeType) -> PreTrainedModel:
    """Load a model that is only asked, in the type of activations, on the GPU where there is one."""
    model = load_model(folder, DTYPES[compute_dtype], **gpu_options())
    model.requires_grad_(requires_grad=False)
    return model


def put_on_grid(model: PreTrainedModel, grid: ModelGrid) -> dict[str, torch.nn.Parameter]:
    """Let `model` run on its grid, and return the float weights of its body, which are to be trained."""
    round_tables(model, grid)
    latents = {}
    for name, one in grid.body.items():
        layer = model.get_submodule(name.removesuffix(".weight"))
        parametrize.register_parametrization(layer, "weight", StraightThrough(one))
        latents[name] = layer.parametrizations["weight"].original.requires_grad_()  # type: ignore[index, union-attr]  # torch types no attributes
    return latents


@torch.no_grad()
def round_tables(model: PreTrainedModel, grid: ModelGrid) -> None:
    """Round the token table and the head in place; a tied head on a grid of its own is untied."""
    table = cast("torch.nn.Embedding", model.get_input_embeddings())
    head = cast("torch.nn.Linear", model.get_output_embeddings())
    weight = table.weight.detach().clone()
    tied = head.weight is table.weight
    table.weight.copy_(on_grid(weight, grid.embedding))
    if not tied:
        head.weight.copy_(on_grid(head.weight, grid.head))
    elif grid.head != grid.embedding:
        head.weight = torch.nn.Parameter(on_grid(weight, grid.head), requires_grad=False)


@torch.no_grad()
def rounded(folder: Path, grid: ModelGrid, weights: Mapping[str, torch.Tensor]) -> PreTrainedModel:
    """Return the model of `folder` with the weights of its body rounded, in types that hold them exactly.

    A block's scale has eight significant bits and its numbers three, so that float16 does, and bfloat16 not.
    Table and head are rounded too, unless both are one tensor that the bundle stores on two grids.
    """
    model = load_model(folder)
    if grid.head == grid.embedding:
        round_tables(model, grid)
    for name, one in grid.body.items():
        values = on_grid(weights[name].cpu(), one)
        model.get_parameter(name).data = values.half() if one.block else values
    return model
