"""What a stage function is given besides its inputs and its config.

In: paths and a progress callback made by the child process. Out: nothing; it is a value.
It keeps stage functions free of the store, of Prefect and of MLflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Inputs = Mapping[str, Path]
"""Input folders by name; several of one kind are named `qa/anxiety`, `qa/ocd`."""

Metrics = dict[str, float]
"""Flat numbers for the manifest and for MLflow; anything richer is a file in the output."""


class Progress(Protocol):
    """Receives how far a stage has come."""

    def __call__(self, done: int, total: int, unit: str, **metrics: float) -> None:
        """Report `done` of `total` units ("pairs", "steps", ...) with optional live metrics."""


@dataclass(frozen=True)
class Workspace:
    """Where a stage writes."""

    out: Path
    """The staging folder: everything in it becomes the artifact."""
    scratch: Path
    """Outlives a failed or killed attempt at the same recipe: checkpoints go here."""
    progress: Progress
    reuse: Path | None = None
    """Outlives recipes: work that other recipes take over, named by what decides it; none: `scratch`."""


def silent(done: int, total: int, unit: str, **metrics: float) -> None:
    """Ignore progress: for callers that only want the result."""


def domain_inputs(inputs: Inputs, kind: str) -> dict[str, Path]:
    """Return the folders named `kind/<domain>` by domain, sorted by domain."""
    prefix = f"{kind}/"
    return {name.removeprefix(prefix): inputs[name] for name in sorted(inputs) if name.startswith(prefix)}
