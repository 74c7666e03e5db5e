"""Route: the QADatasets of all domains -> Router, or RouterComparison."""

from collections.abc import Mapping
from pathlib import Path

from tasks.kernel.artifacts import QADataset, Router, RouterComparison
from tasks.kernel.job import Job
from tasks.kernel.stage import second_stage, stage
from tasks.route.compare_config import ComparedRoutes
from tasks.route.config import RouteConfig
from tasks.route.encoder.encoder_folders import encoder_inputs


@stage
def train_router(
    datasets: Mapping[str, QADataset],
    config: RouteConfig,
    out_of_scope: Mapping[str, Path] | None = None,
) -> Job[Router]:
    """Train the classifier from question to domain, with the encoders that its kind reads with."""
    artifacts = {f"qa/{name}": dataset for name, dataset in datasets.items()}
    return Job(
        Router,
        config,
        artifacts=artifacts,
        models=encoder_inputs(config.router),
        sources={f"out-of-scope/{side}": path for side, path in (out_of_scope or {}).items()},
    )


@second_stage("compare")
def compare_routers(
    datasets: Mapping[str, QADataset],
    config: ComparedRoutes,
    out_of_scope: Mapping[str, Path] | None = None,
) -> Job[RouterComparison]:
    """Train several kinds of router and compare them on the questions of a configuration."""
    outside = {f"out-of-scope/{side}": path for side, path in (out_of_scope or {}).items()}
    return _comparison(config, {f"qa/{name}": dataset for name, dataset in datasets.items()}, outside)


@second_stage("compare")
def compare_on_files(train: Path, test: Path, config: ComparedRoutes) -> Job[RouterComparison]:
    """Train several kinds of router on the questions of one file and compare them on another's."""
    return _comparison(config, {}, {"questions/train": train, "questions/test": test})


def _comparison(
    config: ComparedRoutes, artifacts: Mapping[str, QADataset], sources: Mapping[str, Path]
) -> Job[RouterComparison]:
    """Return a job beside which nothing else runs, so that times mean something."""
    return Job(
        RouterComparison,
        config,
        artifacts=artifacts,
        models=encoder_inputs(*[route.router for route in config.routes]),
        sources=sources,
        alone=True,
        module="tasks.route.compare.run",
    )
