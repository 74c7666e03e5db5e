"""How far healing has come, and the file from which a killed run goes on.

In: weights and optimizer. Out: one file, replaced in one step, so that a kill leaves the one before.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

NAME = "checkpoint.pt"
Weights = Mapping[str, torch.nn.Parameter]


@dataclass
class State:
    """How far healing has come, and the best weights so far."""

    rounded: float
    """Divergence on held-back text of weights that are only rounded."""
    step: int = 0
    resumed_from: int = 0
    history: list[tuple[int, float]] = field(default_factory=list)
    """Step and divergence on held-back text."""
    best_step: int = 0
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def best_loss(self) -> float:
        """The lowest divergence on held-back text."""
        return min(loss for _, loss in self.history)

    def note(self, step: int, loss: float, weights: Weights) -> None:
        """Note a validation, and keep the weights if it is the best so far."""
        self.history.append((step, loss))
        if loss <= self.best_loss:
            self.best_step = step
            self.best = {name: weight.detach().clone() for name, weight in weights.items()}

    def stale(self, patience: int) -> bool:
        """Tell whether the last `patience` validations brought nothing better."""
        return sum(step > self.best_step for step, _ in self.history) >= patience


@dataclass(frozen=True)
class Checkpoint:
    """The file in `folder`."""

    folder: Path

    def restore(self, weights: Weights, optimizer: torch.optim.Optimizer) -> State | None:
        """Put weights and optimizer back where they were; none where there is nothing whole to go on from."""
        device = next(iter(weights.values())).device
        try:
            kept = torch.load(self.folder / NAME, map_location=device, weights_only=True)
        except (FileNotFoundError, EOFError, RuntimeError, pickle.UnpicklingError):
            return None
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(kept["weights"][name])
        optimizer.load_state_dict(kept["optimizer"])
        state = State(**kept["state"])
        state.resumed_from = state.step
        return state

    def write(self, state: State, weights: Weights, optimizer: torch.optim.Optimizer) -> None:
        """Replace the file in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{NAME}.partial"
        # Not asdict: it would copy the weights.
        content = {"state": vars(state), "weights": dict(weights), "optimizer": optimizer.state_dict()}
        torch.save(content, partial)
        partial.replace(self.folder / NAME)
