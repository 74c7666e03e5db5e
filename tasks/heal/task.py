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
    dataset: QADataset,
    config: ExpertHealing,
    recipe: Recipe | None = None,
    healed: HealedModel | None = None,
    base: ModelSource | HealedModel | None = None,
) -> Job[HealedModel]:
    """Round the expert, and train it on the grid towards its float form.

    An expert that begins on the healed base needs that base, and what the expert was trained from.
    """
    wanted = {"expert": expert, "qa": dataset, "recipe": recipe, "healed": healed}
    artifacts: dict[str, Artifact] = {name: one for name, one in wanted.items() if one is not None}
    if isinstance(base, HealedModel):
        artifacts["base"] = base
    models = {} if base is None or isinstance(base, HealedModel) else {"base": base}
    return Job(HealedModel, config, artifacts=artifacts, models=models, module="tasks.heal.settle")
