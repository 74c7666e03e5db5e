"""Convert: MergedModel or HealedModel -> EdgeModel; a base -> EdgeBase; Adapter -> EdgeAdapter.

All in the converter's own environment.
"""

from tasks.convert.config import ConvertConfig, SharedForm
from tasks.kernel.artifacts import Adapter, EdgeAdapter, EdgeBase, EdgeModel, HealedModel, MergedModel
from tasks.kernel.job import Job
from tasks.kernel.stage import second_stage, stage
from tasks.models.sources import ModelSource


@stage
def convert_expert(
    domain: str,  # noqa: ARG001  # names the task
    merged: MergedModel | HealedModel,
    config: ConvertConfig,
) -> Job[EdgeModel]:
    """Turn the model into an INT4 bundle for phones."""
    return Job(EdgeModel, config, artifacts={"merged": merged}, converter=True)


@second_stage("share")
def convert_base(base: ModelSource | HealedModel, config: ConvertConfig) -> Job[EdgeBase]:
    """Turn the base into an INT4 bundle whose layers take an adapter."""
    module = "tasks.convert.shared.base"
    if isinstance(base, HealedModel):
        return Job(EdgeBase, config, artifacts={"base": base}, converter=True, module=module)
    return Job(EdgeBase, config, models={"base": base}, converter=True, module=module)


@second_stage("share")
def convert_adapter(
    domain: str,  # noqa: ARG001  # names the task
    base: EdgeBase,
    adapter: Adapter,
    config: SharedForm,
) -> Job[EdgeAdapter]:
    """Write the adapter as the phone's runtime reads it."""
    artifacts = {"base": base, "adapter": adapter}
    module = "tasks.convert.shared.adapter"
    return Job(EdgeAdapter, config, artifacts=artifacts, converter=True, module=module)
