"""Merge: base model + Adapter -> MergedModel."""

from tasks.artifacts import Adapter, MergedModel
from tasks.job import Job
from tasks.merge.config import MergeConfig
from tasks.models import ModelSource
from tasks.stage import stage


@stage
def merge_expert(
    domain: str,  # noqa: ARG001  # names the task
    adapter: Adapter,
    base: ModelSource,
    config: MergeConfig,
) -> Job[MergedModel]:
    """Fold the adapter into the weights that it was trained on."""
    return Job(MergedModel, config, artifacts={"adapter": adapter}, models={"base": base})
