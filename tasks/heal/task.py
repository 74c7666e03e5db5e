"""Heal: base model -> HealedModel, once; MergedModel on the healed base -> HealedModel, for each expert."""

from tasks.heal.config import BaseHealing, ExpertHealing
from tasks.kernel.artifacts import Artifact, HealedModel, MergedModel, QADataset, Recipe
from tasks.kernel.job import Job
from tasks.kernel.stage import accelerated_stage
from tasks.models.sources import ModelSource


@accelerated_stage
def heal_base(base: ModelSource, config: BaseHealing, recipe: Recipe | None = None) -> Job[HealedModel]:
    """Train the base's weights on their grid towards the base itself, on text of no domain."""
    artifacts = {"recipe": recipe} if recipe else {}
    return Job(HealedModel, config, artifacts=artifacts, models={"base": base}, sources=config.text.files())


@accelerated_stage
def heal_expert(
    domain: str,  # noqa: ARG001  # names the task
    expert: MergedModel,
    healed: HealedModel,
    dataset: QADataset,
    base: ModelSource | HealedModel,
    config: ExpertHealing,
    recipe: Recipe | None = None,
) -> Job[HealedModel]:
    """Lay the expert's update on the healed base, and train it on the grid towards the float expert.

    `base` is what the expert was trained from.
    """
    artifacts: dict[str, Artifact] = {"expert": expert, "healed": healed, "qa": dataset}
    artifacts |= {"recipe": recipe} if recipe else {}
    module = "tasks.heal.settle"
    if isinstance(base, HealedModel):
        return Job(HealedModel, config, artifacts={**artifacts, "base": base}, module=module)
    return Job(HealedModel, config, artifacts=artifacts, models={"base": base}, module=module)
