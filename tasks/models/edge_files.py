"""The files that an expert ships as: a bundle of its own, or an adapter on the bundle of a shared base.

In: the folder of an expert, and of the base where there is one. Out: which to open, and with what.
"""

from dataclasses import dataclass
from pathlib import Path

BUNDLE, ADAPTER = "model.litertlm", "adapter.tflite"


@dataclass(frozen=True)
class ExpertFiles:
    """What an expert is made of."""

    bundle: Path
    adapter: Path | None = None
    """None: the bundle is the expert's own."""


def expert_files(folder: Path, base: Path | None) -> ExpertFiles:
    """Return the files of the expert in `folder`."""
    if base is not None and (folder / ADAPTER).is_file():
        return ExpertFiles(base / BUNDLE, folder / ADAPTER)
    return ExpertFiles(folder / BUNDLE)
