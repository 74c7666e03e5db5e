"""What a model weighs on its way to the phone: `sizes.json` of merging and converting, `breakdown.json`."""

from collections.abc import Sequence
from pathlib import Path

from tasks.records.files import Figures, read_json, write_json

SIZES = "sizes.json"
BREAKDOWN = "breakdown.json"


class Sizes(Figures):
    """Bytes of a domain's model at every step; a stage writes those that it has seen."""

    adapter: int | None = None
    merged_bf16: int | None = None
    float_tflite: int | None = None
    int4_tflite: int | None = None
    bundle: int | None = None
    reduction_vs_bf16: float | None = None
    """Share of the merged model's bytes that the bundle saves."""
    reduction_vs_float: float | None = None
    """Share of the float graph's bytes that the INT4 graph saves."""

    def known(self) -> dict[str, float]:
        """Return the sizes that there are, by name."""
        return self.model_dump(exclude_none=True)

    def __or__(self, later: "Sizes") -> "Sizes":
        """Return the sizes of both; those of a later step replace an earlier one's."""
        return self.model_copy(update=later.known())


class ByteGroup(Figures):
    """Where bytes of the bundle go."""

    group: str
    """`embedding`, `attention`, `mlp`, ...; or a section of the bundle such as `tokenizer`."""
    dtype: str = ""
    bytes: int
    tensors: int | None = None


def write_sizes(folder: Path, sizes: Sizes) -> None:
    """Write `sizes.json`."""
    write_json(folder / SIZES, sizes.known())


def read_sizes(folder: Path) -> Sizes:
    """Return the sizes of a merged model or of a bundle; raise DataError where they are damaged."""
    return read_json(folder / SIZES, Sizes)


def write_breakdown(folder: Path, groups: Sequence[ByteGroup]) -> None:
    """Write `breakdown.json`."""
    write_json(folder / BREAKDOWN, [group.model_dump(mode="json") for group in groups])


def read_breakdown(edge: Path) -> list[ByteGroup]:
    """Return where the bytes of a bundle go, as they were written; raise DataError where it is damaged."""
    return read_json(edge / BREAKDOWN, list[ByteGroup])
