"""What is to be merged into what, settled before any weight is loaded.

In: the folders of base and adapter. Out: a `MergePlan`. An adapter belongs to the very
weights it was trained on: for NF4 those are the quantized ones, read back from 4 bits.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from tasks.kernel.errors import PipelineError
from tasks.models.loading import base_identity

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


class MergeError(PipelineError, ValueError):
    """An adapter that does not fit its base, or a merged model that differs from the two."""


@dataclass(frozen=True)
class MergePlan:
    """One merge: the folders, and how the base was held during training."""

    base: Path
    adapter: Path
    quantized: bool
    double_quantization: bool
    dtype: torch.dtype


def plan_merge(base: Path, adapter: Path) -> MergePlan:
    """Read how the adapter was trained; raise MergeError where `base` is not the model it was trained on."""
    record = read_record(adapter)
    if record["base"] != base_identity(base):
        raise MergeError(
            f"{adapter}: the adapter was trained on another base than {base};"
            " merge it into that one, or train it again"
        )
    return MergePlan(
        base=base,
        adapter=adapter,
        quantized=record["quantization"] == "nf4",
        double_quantization=bool(record["double_quantization"]),
        dtype=DTYPES[str(record["compute_dtype"])],
    )


def read_record(adapter: Path) -> dict[str, object]:
    """Return the adapter's `training.json`; raise MergeError where a needed field is missing."""
    file = adapter / "training.json"
    try:
        record: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MergeError(f"{file}: cannot be read ({error}); train the adapter again") from error
    if missing := {"base", "quantization", "double_quantization", "compute_dtype"} - record.keys():
        raise MergeError(f"{file}: no {', '.join(sorted(missing))}; train the adapter again")
    return record
