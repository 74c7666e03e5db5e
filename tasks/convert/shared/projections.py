"""Linear layers that take a low-rank update as inputs of the graph.

In: a model in torch. Out: the same model, whose seven projections add an update that is zero until inputs
take its place, and the names of these inputs. The runtime binds inputs of certain names only, those of query,
key, value and output, but with any number at their end: numbers beyond the layers stand for the rest.
"""

from collections.abc import Iterator
from typing import Literal

import torch

from tasks.kernel.errors import ModelError
from tasks.records.shared import AdapterInputs, ProjectionInputs

_LETTERS = {"q_proj": "q", "k_proj": "k", "v_proj": "v", "o_proj": "o"}
_LENT = {"gate_proj": "q", "up_proj": "k", "down_proj": "v"}
"""Whose names the projections of the MLP bear, with numbers that no layer has."""
PREFIX = "lora_"
"""Begins every name; the exporter makes it of the argument that holds all of them."""


class AdaptedLinear(torch.nn.Module):
    """A linear layer that adds `((x A) * scale) B`."""

    a: torch.Tensor
    b: torch.Tensor
    scale: torch.Tensor

    def __init__(self, linear: torch.nn.Linear, name: str, rank: int, dtype: torch.dtype) -> None:
        super().__init__()
        self._name = name
        # Under the projection's own name, by which the quantizer tells layers apart.
        self.add_module(name, linear)
        self.register_buffer("a", torch.zeros(linear.in_features, rank, dtype=dtype))
        self.register_buffer("b", torch.zeros(rank, linear.out_features, dtype=dtype))
        self.register_buffer("scale", torch.zeros(rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the layer's output with the update's."""
        output: torch.Tensor = self.get_submodule(self._name)(x)
        inner = torch.matmul(x, self.a.to(x.dtype)) * self.scale
        return output + torch.matmul(inner, self.b.to(x.dtype))


def adapt(model: torch.nn.Module, rank: int, dtype: Literal["int8", "float32"]) -> AdapterInputs:
    """Let the projections of `model` take an update; raise ModelError where it has none of them."""
    found = list(_projections(model))
    if not found:
        raise ModelError(
            f"{type(model).__name__}: no layer with projections named {', '.join([*_LETTERS, *_LENT])};"
            " adapters cannot be kept apart on it: use `convert.form: merged`"
        )
    layers = 1 + max(layer for _, layer, _ in found)
    inputs = []
    for path, layer, linear in found:
        parent, _, name = path.rpartition(".")
        adapted = AdaptedLinear(linear, name, rank, torch.int8 if dtype == "int8" else torch.float32)
        setattr(model.get_submodule(parent), name, adapted)
        inputs.append(_inputs(path, name, layer, layers, linear))
    return AdapterInputs(rank=rank, dtype=dtype, projections=tuple(inputs))


def _projections(model: torch.nn.Module) -> Iterator[tuple[str, int, torch.nn.Linear]]:
    """Yield path, number of the layer and module."""
    for path, module in model.named_modules():
        *parents, name = path.split(".")
        if isinstance(module, torch.nn.Linear) and name in _LETTERS | _LENT and "layers" in parents:
            yield path, int(parents[parents.index("layers") + 1]), module


def _inputs(path: str, name: str, layer: int, layers: int, linear: torch.nn.Linear) -> ProjectionInputs:
    letter = (_LETTERS | _LENT)[name]
    number = layer + (layers if name in _LENT else 0)
    stem = f"{PREFIX}atten_{letter}"
    return ProjectionInputs(
        module=path,
        a=f"{stem}_a_prime_weight_{number}",
        b=f"{stem}_b_prime_weight_{number}",
        scale=f"{stem}_a_prime_weight_{number + 2 * layers}",
        width=linear.in_features,
        outputs=linear.out_features,
    )
