"""Evaluate: Router + experts + held-out data -> EvalReport."""

from collections.abc import Mapping
from pathlib import Path

from tasks.evaluate.config import EvaluateConfig
from tasks.kernel.artifacts import EdgeModel, EvalReport, MergedModel, QADataset, Router
from tasks.kernel.job import Job
from tasks.kernel.stage import accelerated_stage
from tasks.models.sources import ModelSource


@accelerated_stage
def evaluate_system(
    router: Router,
    datasets: Mapping[str, QADataset],
    experts: Mapping[str, MergedModel],
    generalist: MergedModel,
    bundles: Mapping[str, EdgeModel],
    base: ModelSource,
    config: EvaluateConfig,
) -> Job[EvalReport]:
    """Measure the routed system, its oracle, the generalist and the shipped bundles."""
    artifacts = {
        "router": router,
        "merged-generalist": generalist,
        **{f"qa/{name}": dataset for name, dataset in datasets.items()},
        **{f"merged/{name}": expert for name, expert in experts.items()},
        **{f"edge/{name}": bundle for name, bundle in bundles.items()},
    }
    own = {f"metric/{name}": Path(name).resolve() for name in config.metrics if name.endswith(".py")}
    return Job(EvalReport, config, artifacts=artifacts, models={"base": base}, sources=own, alone=True)
