"""Convert: MergedModel or HealedModel -> EdgeModel, in the converter's own environment."""

from tasks.convert.config import ConvertConfig
from tasks.kernel.artifacts import EdgeModel, HealedModel, MergedModel
from tasks.kernel.job import Job
from tasks.kernel.stage import stage


@stage
def convert_expert(
    domain: str,  # noqa: ARG001  # names the task
    merged: MergedModel | HealedModel,
    config: ConvertConfig,
) -> Job[EdgeModel]:
    """Turn the model into an INT4 bundle for phones."""
    return Job(EdgeModel, config, artifacts={"merged": merged}, converter=True)
