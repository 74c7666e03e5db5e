"""Convert: base model -> FloatGraph; with it MergedModel or HealedModel -> EdgeModel, EquivalenceChain.

A base -> EdgeBase, Adapter -> EdgeAdapter. All in the converter's own environment, but the search for a
recipe: base model + QADatasets -> RecipeSearch -> Recipe.
"""

from collections.abc import Mapping

from tasks.convert.config import ChainCheck, ConvertConfig, GraphConfig, SharedForm
from tasks.convert.recipe.config import RecipeCheck
from tasks.kernel.artifacts import (
    Adapter,
    Artifact,
    Corpus,
    EdgeAdapter,
    EdgeBase,
    EdgeModel,
    EquivalenceChain,
    FloatGraph,
    HealedModel,
    MergedModel,
    QADataset,
    Recipe,
    RecipeSearch,
)
from tasks.kernel.config import Slice
from tasks.kernel.job import Job
from tasks.kernel.stage import second_stage, stage
from tasks.models.sources import ModelSource


@second_stage("recipe", accelerated=True)
def search_recipe(
    base: ModelSource, datasets: Mapping[str, QADataset], config: RecipeCheck
) -> Job[RecipeSearch]:
    """Find out what each recipe costs the base in bytes and in quality."""
    artifacts = {f"qa/{name}": dataset for name, dataset in datasets.items()}
    module = "tasks.convert.recipe.run"
    return Job(RecipeSearch, config, artifacts=artifacts, models={"base": base}, module=module)


@second_stage("grid")
def choose_recipe(search: RecipeSearch) -> Job[Recipe]:
    """Take the recipe that was chosen, without the figures that led to it."""
    return Job(Recipe, Slice(), artifacts={"recipe": search}, module="tasks.convert.recipe.choice")


@second_stage("graph")
def trace_graph(
    model: ModelSource | MergedModel | HealedModel,
    config: GraphConfig,
    domain: str = "",  # noqa: ARG001  # names the task
) -> Job[FloatGraph]:
    """Trace the model, for itself and for all of its architecture."""
    module = "tasks.convert.tracing"
    if isinstance(model, MergedModel | HealedModel):
        return Job(FloatGraph, config, artifacts={"model": model}, module=module, converter=True)
    return Job(FloatGraph, config, models={"model": model}, module=module, converter=True)


@stage
def convert_expert(
    domain: str,  # noqa: ARG001  # names the task
    merged: MergedModel | HealedModel,
    graph: FloatGraph,
    config: ConvertConfig,
    recipe: Recipe | None = None,
    corpus: Corpus | None = None,
    dataset: QADataset | None = None,
) -> Job[EdgeModel]:
    """Turn the model into an INT4 bundle for phones; a `.task` wants texts to compare tokenizers on."""
    artifacts: dict[str, Artifact] = {"merged": merged, "graph": graph}
    artifacts |= {"recipe": recipe} if recipe else {}
    artifacts |= {"corpus": corpus, "qa": dataset} if corpus and dataset else {}
    return Job(EdgeModel, config, artifacts=artifacts, converter=True)


@second_stage("chain")
def follow_expert(
    domain: str,  # noqa: ARG001  # names the task
    merged: MergedModel,
    healed: HealedModel | None,
    graph: FloatGraph,
    edge: EdgeModel,
    dataset: QADataset,
    config: ChainCheck,
) -> Job[EquivalenceChain]:
    """Compare the expert's forms on held-out questions, from its merged weights to what is in the bundle."""
    artifacts: dict[str, Artifact] = {"merged": merged, "graph": graph, "edge": edge, "qa": dataset}
    artifacts |= {"healed": healed} if healed else {}
    return Job(
        EquivalenceChain, config, artifacts=artifacts, module="tasks.convert.chain.run", converter=True
    )


@second_stage("share")
def convert_base(
    base: ModelSource | HealedModel, config: ConvertConfig, recipe: Recipe | None = None
) -> Job[EdgeBase]:
    """Turn the base into an INT4 bundle whose layers take an adapter."""
    module = "tasks.convert.shared.base"
    artifacts: dict[str, Artifact] = {"recipe": recipe} if recipe else {}
    if isinstance(base, HealedModel):
        return Job(EdgeBase, config, artifacts={**artifacts, "base": base}, converter=True, module=module)
    return Job(EdgeBase, config, artifacts=artifacts, models={"base": base}, converter=True, module=module)


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
