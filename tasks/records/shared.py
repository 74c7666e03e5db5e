"""What a shared base takes from an adapter: `adapter_inputs.json`, beside the bundle of the base.

In: the base's folder. Out: for every projection the names of its three inputs. Whoever writes an adapter
reads them, because the runtime binds by name alone, and fills with zeros what it finds no name for.
"""

from pathlib import Path
from typing import Literal

from tasks.records.files import Figures, read_json, write_json

FILE = "adapter_inputs.json"
NO_ADAPTER = "no_adapter.tflite"
"""An adapter that changes nothing: a session without any runs on what is left in memory."""


class ProjectionInputs(Figures):
    """A linear layer that adds `((x A) * scale) B` to what it computes."""

    module: str
    """Its path in the model, such as `model.layers.0.self_attn.q_proj`."""
    a: str
    """Inputs by rank."""
    b: str
    """Rank by outputs."""
    scale: str
    """One for each rank."""
    width: int
    """Number of inputs."""
    outputs: int


class AdapterInputs(Figures):
    """Everything that an adapter may bring."""

    rank: int
    dtype: Literal["int8", "float32"]
    """Of A and B."""
    projections: tuple[ProjectionInputs, ...]


def write_adapter_inputs(folder: Path, inputs: AdapterInputs) -> None:
    """Write `adapter_inputs.json`."""
    write_json(folder / FILE, inputs.model_dump(mode="json"))


def read_adapter_inputs(folder: Path) -> AdapterInputs:
    """Return what the base in `folder` takes; raise DataError where the record is damaged."""
    return read_json(folder / FILE, AdapterInputs)
