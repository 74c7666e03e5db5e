"""What is to be merged into what, settled before any weight is loaded.

In: the folders of base and adapter. Out: a `MergePlan`. An adapter belongs to the very
weights it was trained on: for NF4 those are the quantized ones, read back from 4 bits.
"""

from dataclasses import dataclass
from pathlib import Path

from tasks.kernel.errors import PipelineError
from tasks.models.loading import base_identity
from tasks.records.training import FrozenBase, read_frozen_base


class MergeError(PipelineError, ValueError):
    """An adapter that does not fit its base, or a merged model that differs from the two."""


@dataclass(frozen=True)
class MergePlan:
    """One merge: the folders, and how the base was held during training."""

    base: Path
    adapter: Path
    trained: FrozenBase


def plan_merge(base: Path, adapter: Path) -> MergePlan:
    """Read how the adapter was trained.

    Raises MergeError where `base` is not the model it was trained on, DataError where the record is damaged.
    """
    trained = read_frozen_base(adapter)
    if trained.base != base_identity(base):
        raise MergeError(
            f"{adapter}: the adapter was trained on another base than {base};"
            " merge it into that one, or train it again"
        )
    return MergePlan(base, adapter, trained)
