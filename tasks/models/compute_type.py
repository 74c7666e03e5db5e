"""The type of activations in training: 16 bits where the hardware multiplies them itself, else 32.

In: `auto`, or a type by its name. Out: the type. It is decided when a configuration is read, so that a cache
key says what was done, and without torch, because a plan waits for it.
"""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator

ComputeType = Literal["bfloat16", "float32"]
_PROCESSOR = Path("/proc/cpuinfo")
_MULTIPLY_16_BITS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""What Linux calls it, on x86 and on ARM."""
_CAPABILITY = ("--query-gpu=compute_cap", "--format=csv,noheader")
_SINCE = (8, 0)
"""Ampere."""


def resolved(wanted: object) -> object:
    """Return the hardware's own type for `auto`, and anything else as it is."""
    return fitting() if wanted == "auto" else wanted


Computed = Annotated[
    ComputeType,
    BeforeValidator(resolved, json_schema_input_type=Literal["auto", "bfloat16", "float32"]),
]
"""A field of a configuration: `auto`, `bfloat16` or `float32`."""


@cache
def fitting() -> ComputeType:
    """Return the type that this machine computes in fastest: its GPUs decide, where there are any."""
    gpus = _gpu_capabilities()
    fast = min(gpus) >= _SINCE if gpus else processor_multiplies_16_bits(_PROCESSOR)
    return "bfloat16" if fast else "float32"


def processor_multiplies_16_bits(description: Path) -> bool:
    """Tell whether the processor has instructions for bfloat16; no on systems that do not list them."""
    if not description.is_file():
        return False
    lines = description.read_text(encoding="utf-8", errors="replace").splitlines()
    listed = (line.partition(":") for line in lines)
    return any(
        name.strip() in {"flags", "Features"} and _MULTIPLY_16_BITS & {*flags.split()}
        for name, _, flags in listed
    )


def _gpu_capabilities() -> list[tuple[int, ...]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    done = subprocess.run([program, *_CAPABILITY], capture_output=True, text=True, check=False)
    versions = (line.strip().split(".") for line in done.stdout.splitlines())
    return [tuple(map(int, parts)) for parts in versions if all(part.isdigit() for part in parts)]
