"""Fine-tune: QADataset + base model -> Adapter; on every domain's QADataset, the generalist."""

from collections.abc import Mapping

from tasks.finetune.config import FinetuneConfig
from tasks.kernel.artifacts import Adapter, Artifact, HealedModel, QADataset
from tasks.kernel.job import Job
from tasks.kernel.stage import accelerated_stage
from tasks.models.sources import ModelSource


@accelerated_stage
def train_expert(
    domain: str,  # noqa: ARG001  # names the task
    datasets: Mapping[str, QADataset],
    base: ModelSource | HealedModel,
    config: FinetuneConfig,
) -> Job[Adapter]:
    """Train one adapter on one domain, or on the equal mix of several."""
    artifacts: dict[str, Artifact] = {f"qa/{name}": dataset for name, dataset in datasets.items()}
    if isinstance(base, HealedModel):
        return Job(Adapter, config, artifacts={**artifacts, "base": base})
    return Job(Adapter, config, artifacts=artifacts, models={"base": base})
