"""Merge: base model + Adapter -> MergedModel."""

from tasks.kernel.artifacts import Adapter, HealedModel, MergedModel
from tasks.kernel.job import Job
from tasks.kernel.stage import stage
from tasks.merge.config import MergeConfig
from tasks.models.sources import ModelSource


@stage
def merge_expert(
    domain: str,  # noqa: ARG001  # names the task
    adapter: Adapter,
    base: ModelSource | HealedModel,
    config: MergeConfig,
) -> Job[MergedModel]:
    """Fold the adapter into the weights that it was trained on."""
    if isinstance(base, HealedModel):
        return Job(MergedModel, config, artifacts={"adapter": adapter, "base": base})
    return Job(MergedModel, config, artifacts={"adapter": adapter}, models={"base": base})
