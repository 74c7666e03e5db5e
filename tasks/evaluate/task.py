"""Evaluate: Router + experts + held-out data -> EvalReport."""

from collections.abc import Mapping
from pathlib import Path

from tasks.evaluate.config import EvaluateConfig
from tasks.kernel.artifacts import (
    Corpus,
    EdgeAdapter,
    EdgeBase,
    EdgeModel,
    EquivalenceChain,
    EvalReport,
    MergedModel,
    QADataset,
    Router,
)
from tasks.kernel.job import Job
from tasks.kernel.stage import accelerated_stage
from tasks.models.sources import ModelSource


@accelerated_stage
def evaluate_system(
    router: Router,
    data: Mapping[str, Corpus | QADataset],
    experts: Mapping[str, MergedModel],
    generalist: MergedModel,
    shipped: Mapping[str, EdgeModel | EdgeAdapter | EdgeBase | EquivalenceChain],
    base: ModelSource,
    config: EvaluateConfig,
) -> Job[EvalReport]:
    """Measure the routed system, its oracle, the generalist and the shipped bundles.

    `data` are the `qa/<domain>`, whose held-out questions are asked, and the `corpus/<domain>` below them;
    `shipped` the bundles, `edge/<domain>`, the `edge-base` of those that are adapters, and what is known of
    bundles, `chain/<domain>`.
    """
    artifacts = {
        "router": router,
        "merged-generalist": generalist,
        **data,
        **{f"merged/{name}": expert for name, expert in experts.items()},
        **shipped,
    }
    own = {f"metric/{name}": Path(name).resolve() for name in config.files()}
    return Job(EvalReport, config, artifacts=artifacts, models={"base": base}, sources=own, alone=True)
