"""What healing measures: how far a model on its grid is from its float form, in `healing.json`."""

from pathlib import Path

from tasks.records.files import Figures, read_json, write_json

FILE = "healing.json"
RESTS = "rests.safetensors"
"""Beside a healed base: what rounding took from each weight; an update is laid on the sum of both."""


class HealingRecord(Figures):
    """One healing: the divergence is that of next-token distributions on held-back text, in nats a token."""

    divergence_before: float
    """Of the weights that were only rounded."""
    divergence_after: float
    """Of the weights that were kept."""
    steps: int | None = None
    """Optimizer steps that were taken."""
    best_step: int | None = None
    """The step whose weights were kept."""
    tokens: int | None = None
    """Tokens that counted in these steps."""
    validations: list[tuple[int, float]] = []
    """Step and divergence, in order."""
    block_size: int | None = None
    """Weights that share a scale in INT4."""


def write_healing(folder: Path, record: HealingRecord) -> None:
    """Write a healed model's `healing.json`."""
    write_json(folder / FILE, record.model_dump(mode="json"))


def read_healing(healed: Path) -> HealingRecord:
    """Return how a model was healed; raise DataError with file and field where the record is damaged."""
    return read_json(healed / FILE, HealingRecord)
