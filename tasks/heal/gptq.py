"""Round weights one input after another, and pass each error on to the inputs that are not rounded yet.

In: a model on its grid, its float weights, text. Out: the same weights, moved to where rounding gives GPTQ's
numbers (arXiv:2210.17323); they keep what it took from them, so that training goes on from there. Each layer
is rounded on what the rounded layers before it put out: errors that add up are seen.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import cast

import torch
from transformers import PreTrainedModel

from tasks.heal.texts import Text
from tasks.models.grid import stored_scale
from tasks.models.int4 import Grid

Weights = Mapping[str, torch.nn.Parameter]
_LAYER = re.compile(r"(.*\.layers\.(\d+))\.")
_BATCH = 16
_DAMPING = 0.01
"""Share of the mean curvature that is added to each: the paper's."""
_CLIPS = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Shares of a block's largest weight that are tried as the end of its grid."""
_WITHIN = 0.49
"""Share of a step by which a weight may lie beside its number and still be rounded to it."""


class _SeenError(Exception):
    """Ends a forward pass once its inputs are known."""


@dataclass(frozen=True)
class _Given:
    """What a model hands to a layer beside the hidden states: masks and positions, for one batch."""

    others: tuple[object, ...]
    named: dict[str, object]


_Batch = tuple[torch.Tensor, _Given]


@torch.no_grad()
def compensate(
    model: PreTrainedModel,
    weights: Weights,
    grids: Mapping[str, Grid],
    texts: Sequence[Text],
    done: Callable[[int, int], None],
) -> None:
    """Move `weights`, which `model` sees rounded, in place; `done` hears how many layers are ready.

    `texts` are of one length. Weights that no text reaches stay as they are.
    """
    layers = _layers(weights)
    hidden, given = _handed_over(model, list(layers), texts)
    for number, (prefix, names) in enumerate(layers.items(), 1):
        layer = model.get_submodule(prefix)
        batches = list(zip(hidden, given[prefix], strict=True))
        for group in _sharing_inputs(layer, names, batches[0]):
            inputs = _second_moment(layer, group[0], batches)
            for grid, parts in _by_grid([f"{prefix}.{one}.weight" for one in group], grids):
                _compensate_together([weights[name] for name in parts], inputs, grid)
        hidden = [_output(layer, batch) for batch in batches]
        done(number, len(layers))


def compensated(weight: torch.Tensor, inputs: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Return `weight` (rows x inputs), so moved that `on_grid` of it gives GPTQ's numbers.

    `inputs` is their second moment (inputs x inputs). In each block the largest weight stays at the end of
    the grid, so that the scale is found again from the values.
    """
    width = grid.block or weight.shape[1]
    factor, curvature = _factor(inputs)
    rest, found = weight.clone(), torch.empty_like(weight)
    for start in range(0, weight.shape[1], width):
        block, after = rest[:, start : start + width], slice(start + width, None)
        scale, ends = _scales(block, curvature[start : start + width], grid), _ends(block, grid)
        errors = torch.empty_like(block)
        for one in range(width):
            at, end = start + one, ends[:, one]
            value = torch.where(end != 0, end, _numbers(block[:, one], scale, grid)) * scale
            found[:, at] = torch.where(end != 0, value, _beside(value, block[:, one], scale, grid))
            errors[:, one] = (block[:, one] - value) / factor[at, at]
            block[:, one + 1 :] -= errors[:, one : one + 1] * factor[at, at + 1 : start + width]
        rest[:, after] -= errors @ factor[start : start + width, after]
    return found


def _factor(inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the upper Cholesky factor of the inverse second moment, damped, and the moment's diagonal."""
    moment = inputs.clone()
    diagonal = moment.diagonal()
    diagonal[diagonal == 0] = 1.0
    diagonal += _DAMPING * diagonal.mean()
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(moment))
    return torch.linalg.cholesky(inverse, upper=True), diagonal


def _scales(block: torch.Tensor, curvature: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Return the scale of each row that costs least, also of grids that end below the largest weight."""
    largest = block.abs().amax(1)
    tried = torch.stack([stored_scale(largest * share, grid) for share in _CLIPS])
    costs = torch.stack([(curvature * (block - _rounded(block, scale, grid)) ** 2).sum(1) for scale in tried])
    return tried.gather(0, costs.argmin(0)[None])[0]


def _ends(block: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Return the number at the end of the grid for the largest weight of each row, and 0 for the others."""
    place = block.abs().argmax(1, keepdim=True)
    return torch.zeros_like(block).scatter_(1, place, block.gather(1, place).sign() * grid.largest)


def _numbers(weight: torch.Tensor, scale: torch.Tensor, grid: Grid) -> torch.Tensor:
    return (weight / scale).round_().clamp_(-grid.largest, grid.largest).nan_to_num_(0.0)


def _rounded(block: torch.Tensor, scale: torch.Tensor, grid: Grid) -> torch.Tensor:
    return _numbers(block, scale[:, None], grid) * scale[:, None]


def _beside(value: torch.Tensor, weight: torch.Tensor, scale: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Return what is nearest to `weight` of all that is rounded to `value` and leaves the scale as it is."""
    near = weight.clamp(value - _WITHIN * scale, value + _WITHIN * scale)
    return near.clamp(-grid.largest * scale, grid.largest * scale)


def _by_grid(names: Sequence[str], grids: Mapping[str, Grid]) -> list[tuple[Grid, list[str]]]:
    """Return the names that have a grid in common, together."""
    return [
        (grid, [name for name in names if grids[name] == grid])
        for grid in {grids[name]: None for name in names}
    ]


def _compensate_together(parts: Sequence[torch.Tensor], inputs: torch.Tensor, grid: Grid) -> None:
    """Move the matrices of a group, which are one to GPTQ: they have the same inputs."""
    with torch.autocast(inputs.device.type, enabled=False):
        found = compensated(torch.cat(list(parts)), inputs, grid)
    for part, better in zip(parts, found.split([len(part) for part in parts]), strict=True):
        part.copy_(better)


def _layers(weights: Weights) -> dict[str, list[str]]:
    """Return the modules of each layer by its name, in the order in which they are run."""
    found: dict[str, list[str]] = {}
    places = {name: _LAYER.match(name) for name in weights}
    for name, place in sorted(places.items(), key=lambda one: int(one[1][2]) if one[1] else 0):
        if place:
            found.setdefault(place[1], []).append(name.removesuffix(".weight").removeprefix(f"{place[1]}."))
    return found


def _handed_over(
    model: PreTrainedModel, layers: Sequence[str], texts: Sequence[Text]
) -> tuple[list[torch.Tensor], dict[str, list[_Given]]]:
    """Return each batch's hidden states before the first layer, and what every layer is given beside them."""
    hidden: list[torch.Tensor] = []
    given: dict[str, list[_Given]] = {prefix: [] for prefix in layers}

    def take(prefix: str, positional: tuple[object, ...], named: dict[str, object]) -> None:
        if prefix == layers[0]:
            hidden.append(cast("torch.Tensor", positional[0]))
        given[prefix].append(_Given(positional[1:], named))

    with ExitStack() as hooks:
        for prefix in layers:
            hook = partial(lambda prefix, _, positional, named: take(prefix, positional, named), prefix)
            hooks.callback(
                model.get_submodule(prefix).register_forward_pre_hook(hook, with_kwargs=True).remove
            )
        for ids in torch.tensor([text.ids for text in texts], device=model.device).split(_BATCH):
            model.base_model(input_ids=ids, use_cache=False)
    return hidden, given


def _sharing_inputs(layer: torch.nn.Module, names: Sequence[str], batch: _Batch) -> list[list[str]]:
    """Return the modules that are run, in order, those with the same inputs together."""
    seen: list[tuple[str, torch.Tensor]] = []
    with ExitStack() as hooks:
        for name in names:
            hook = partial(lambda name, _, inputs: seen.append((name, inputs[0])), name)
            hooks.callback(layer.get_submodule(name).register_forward_pre_hook(hook).remove)
        _output(layer, batch)
    return [[name for name, _ in group] for _, group in groupby(seen, key=lambda one: id(one[1]))]


def _second_moment(layer: torch.nn.Module, name: str, batches: Sequence[_Batch]) -> torch.Tensor:
    """Return the sum of the outer products of the inputs of the module `name`, over all batches."""
    sums: list[torch.Tensor] = []

    def add(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        rows = inputs[0].flatten(0, -2).float()
        with torch.autocast(rows.device.type, enabled=False):
            sums.append(rows.T @ rows)
        raise _SeenError

    hook = layer.get_submodule(name).register_forward_pre_hook(add)
    for batch in batches:
        with suppress(_SeenError):
            _output(layer, batch)
    hook.remove()
    return torch.stack(sums).sum(0)


def _output(layer: torch.nn.Module, batch: _Batch) -> torch.Tensor:
    hidden, given = batch
    output = layer(hidden, *given.others, **given.named)
    return cast("torch.Tensor", output[0] if isinstance(output, tuple) else output)
