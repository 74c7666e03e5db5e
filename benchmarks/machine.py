"""What a figure was measured on, for the head of every result file."""

import os
import platform
from pathlib import Path

import psutil

from tasks.records.files import write_json

RESULTS = Path(__file__).parent / "results"


def save(name: str, figures: dict[str, object]) -> Path:
    """Write `results/<name>.json` with the machine's size beside the figures."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    write_json(path, {"machine": machine(), **figures})
    return path


def machine() -> dict[str, object]:
    """Return cores, memory and software of this machine."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
