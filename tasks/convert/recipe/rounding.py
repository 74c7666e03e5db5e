"""A model whose weights are rounded to one recipe after the other.

In: a float32 model. Out: the same model on whatever grids were asked for last. Float weights are kept
beside it, and only what changes from one recipe to the next is rounded anew.
"""

from collections.abc import Mapping

import torch
from transformers import PreTrainedModel

from tasks.models.grid import on_grid
from tasks.models.int4 import Grid


class Roundable:
    """A model and its float weights."""

    def __init__(self, model: PreTrainedModel, names: Mapping[str, object]) -> None:
        self.model = model
        self._float = {name: model.get_parameter(name).detach().clone() for name in names}
        self._now: dict[str, Grid] = {}

    @torch.no_grad()
    def take(self, grids: Mapping[str, Grid]) -> None:
        """Put the matrices named on their grids, and all others back to their float weights."""
        for name, weight in self._float.items():
            if (grid := grids.get(name)) != self._now.get(name):
                self.model.get_parameter(name).copy_(on_grid(weight, grid) if grid else weight)
        self._now = dict(grids)
