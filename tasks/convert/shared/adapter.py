"""Adapter -> EdgeAdapter: what training left, as the shared base takes it.

In: `base`, a converted shared base, and `adapter` (PEFT files). Out: `adapter.tflite`, and the accounts
of its bytes. An update that the base would not take is refused: the runtime would drop it and say nothing.
"""

import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from tasks.convert.config import SharedForm
from tasks.convert.shared.adapter_file import write_adapter_file
from tasks.kernel.errors import UnsupportedError
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.models.edge_files import ADAPTER
from tasks.records.edge import (
    ByteGroup,
    Sizes,
    read_breakdown,
    read_sizes,
    write_breakdown,
    write_sizes,
)
from tasks.records.files import Figures, read_json
from tasks.records.shared import AdapterInputs, read_adapter_inputs
from tasks.records.training import ADAPTER_CONFIG, WEIGHTS

Array = NDArray[np.generic]
_WEIGHT = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight$")
_LARGEST = 127
_MERGED = "use `convert.form: merged` for this domain"


class PeftSettings(Figures):
    """What PEFT says of an adapter."""

    peft_type: str
    use_dora: bool = False
    use_rslora: bool = False
    r: int = 0
    lora_alpha: float = 1
    rank_pattern: dict[str, int] = {}
    alpha_pattern: dict[str, float] = {}

    @property
    def scaling(self) -> float:
        """Return the number that the update is multiplied by."""
        return self.lora_alpha / (self.r**0.5 if self.use_rslora else self.r)


def run(inputs: Inputs, config: SharedForm, work: Workspace) -> Metrics:  # noqa: ARG001  # the base has it
    """Read, refuse what cannot be applied, write."""
    taken, folder = read_adapter_inputs(inputs["base"]), inputs["adapter"]
    settings = read_json(folder / ADAPTER_CONFIG, PeftSettings, "train the adapter again")
    if refused := refusal(settings, taken):
        raise UnsupportedError(f"{folder / ADAPTER_CONFIG}: {refused}")
    arrays = converted(load_file(folder / WEIGHTS), settings, taken)
    write_adapter_file(work.out / ADAPTER, arrays, taken.rank)
    work.progress(1, 1, "adapters")
    return account(inputs["base"], work.out, taken)


def account(base: Path, out: Path, taken: AdapterInputs) -> Metrics:
    """Write what the expert weighs, its base included, and where these bytes go."""
    adapter, sizes = (out / ADAPTER).stat().st_size, read_sizes(base)
    whole = (sizes.bundle or 0) + adapter
    saved = round(1 - whole / sizes.merged_bf16, 4) if sizes.merged_bf16 else None
    write_sizes(out, sizes | Sizes(bundle=whole, reduction_vs_bf16=saved))
    row = ByteGroup(group="adapter", dtype=taken.dtype, bytes=adapter, tensors=3 * len(taken.projections))
    write_breakdown(out, [*read_breakdown(base), row])
    return {"adapter_file": adapter, "bundle": whole}


def refusal(settings: PeftSettings, taken: AdapterInputs) -> str:
    """Say why an adapter cannot be kept apart; nothing where it can."""
    kind = "dora" if settings.use_dora else settings.peft_type.lower()
    if kind != "lora":
        return f"the runtime adds low-rank updates and cannot apply the kind {kind}; {_MERGED}"
    if settings.rank_pattern or settings.alpha_pattern:
        return f"its layers have ranks of their own (`rank_pattern`); {_MERGED}"
    if settings.r > taken.rank:
        return (
            f"its rank is {settings.r}, and the shared base takes {taken.rank}: set `convert.shared.rank`"
            f" to 32 if that is enough, or {_MERGED}"
        )
    return ""


def converted(
    weights: dict[str, torch.Tensor], settings: PeftSettings, taken: AdapterInputs
) -> dict[str, Array]:
    """Return the inputs that an adapter brings, by name; raise UnsupportedError for what else it changes."""
    sides: dict[str, dict[str, torch.Tensor]] = {}
    for name, weight in weights.items():
        if not (found := _WEIGHT.match(name)):
            raise UnsupportedError(f"{WEIGHTS}: {name} is no low-rank update of a layer; {_MERGED}")
        sides.setdefault(found["module"], {})[found["side"]] = weight
    known = {one.module: one for one in taken.projections}
    if others := sorted(sides.keys() - known.keys()):
        raise UnsupportedError(
            f"{WEIGHTS}: the adapter changes {others[0]}, where the shared base takes no update; {_MERGED}"
        )
    arrays: dict[str, Array] = {}
    for module, update in sides.items():
        names = known[module]
        a = _padded(update["A"].T, 1, taken.rank) * settings.scaling
        b = _padded(update["B"].T, 0, taken.rank)
        arrays[names.a], arrays[names.b], arrays[names.scale] = _stored(a, b, taken)
    return arrays


def _padded(matrix: torch.Tensor, axis: int, rank: int) -> NDArray[np.float32]:
    values = matrix.detach().float().numpy()
    missing = [(0, rank - values.shape[axis] if place == axis else 0) for place in range(values.ndim)]
    padded: NDArray[np.float32] = np.pad(values, missing)
    return padded


def _stored(
    a: NDArray[np.float32], b: NDArray[np.float32], taken: AdapterInputs
) -> tuple[Array, Array, Array]:
    """Return A, B and the scale of each rank; as int8, a rank has a scale of its own on either side."""
    if taken.dtype == "float32":
        return a.astype("<f4"), b.astype("<f4"), np.ones(taken.rank, "<f4")
    left, right = _steps(np.abs(a).max(axis=0)), _steps(np.abs(b).max(axis=1))
    return (
        np.rint(a / left).astype(np.int8),
        np.rint(b / right[:, None]).astype(np.int8),
        (left * right).astype("<f4"),
    )


def _steps(largest: NDArray[np.float32]) -> NDArray[np.float32]:
    steps: NDArray[np.float32] = np.where(largest > 0, largest / _LARGEST, 1).astype(np.float32)
    return steps
