"""What merging measures: how far the merged model is from base and adapter, in `merge.json`."""

from pathlib import Path

from tasks.records.files import Figures, read_json, write_json

FILE = "merge.json"


class MergeCheck(Figures):
    """Adapter and merged model compared on probe texts."""

    mean_kl: float
    """Mean divergence of their next-token distributions, in nats a token."""
    tolerance: float
    """The largest `mean_kl` that the merge stage accepts."""
    top1_agreement: float | None = None
    """Share of positions where both choose the same token."""
    max_abs_logit_difference: float | None = None
    mean_abs_logit_difference: float | None = None
    positions: int | None = None
    """Of all probes."""
    probes: int | None = None


def write_merge_check(folder: Path, record: MergeCheck) -> None:
    """Write a merged model's `merge.json`."""
    write_json(folder / FILE, record.model_dump(mode="json"))


def read_merge_check(merged: Path) -> MergeCheck:
    """Return a merged model's check; raise DataError with file and field where it is damaged."""
    return read_json(merged / FILE, MergeCheck)
