"""Route: the QADatasets of all domains -> Router, or RouterComparison."""

from collections.abc import Mapping
from pathlib import Path

from tasks.kernel.artifacts import Artifact, Corpus, QADataset, Router, RouterComparison
from tasks.kernel.job import Job
from tasks.kernel.stage import second_stage, stage
from tasks.route.compare_config import ComparedRoutes
from tasks.route.config import RouteConfig
from tasks.route.encoder.encoder_folders import encoder_inputs
from tasks.route.single_config import Encoder


@stage
def train_router(
    datasets: Mapping[str, QADataset],
    config: RouteConfig,
    out_of_scope: Mapping[str, Path] | None = None,
    corpora: Mapping[str, Corpus] | None = None,
) -> Job[Router]:
    """Train the classifier from question to domain, with the encoders that its kind reads with."""
    return Job(
        Router,
        config,
        artifacts=_read(datasets, corpora or {}, config),
        models=encoder_inputs(config),
        sources={f"out-of-scope/{side}": path for side, path in (out_of_scope or {}).items()},
    )


@second_stage("compare")
def compare_routers(
    datasets: Mapping[str, QADataset],
    config: ComparedRoutes,
    out_of_scope: Mapping[str, Path] | None = None,
    corpora: Mapping[str, Corpus] | None = None,
) -> Job[RouterComparison]:
    """Train several kinds of router and compare them on the questions of a configuration."""
    outside = {f"out-of-scope/{side}": path for side, path in (out_of_scope or {}).items()}
    artifacts = _read(datasets, corpora or {}, *config.routes)
    return _comparison(config, artifacts, outside, encoder_inputs(*config.routes))


@second_stage("compare")
def compare_on_files(train: Path, test: Path, config: ComparedRoutes) -> Job[RouterComparison]:
    """Train several kinds of router on the questions of one file and compare them on another's."""
    sources = {"questions/train": train, "questions/test": test}
    return _comparison(config, {}, sources, encoder_inputs(*[route.router for route in config.routes]))


def _read(
    datasets: Mapping[str, QADataset], corpora: Mapping[str, Corpus], *routes: RouteConfig
) -> dict[str, Artifact]:
    """Return the inputs by name: of corpora that nothing is read of, a change is none."""
    read = corpora if any(route.needs_sources() for route in routes) else {}
    named = {f"corpus/{name}": corpus for name, corpus in read.items()}
    return {**{f"qa/{name}": dataset for name, dataset in datasets.items()}, **named}


def _comparison(
    config: ComparedRoutes,
    artifacts: Mapping[str, Artifact],
    sources: Mapping[str, Path],
    models: Mapping[str, Encoder],
) -> Job[RouterComparison]:
    """Return a job beside which nothing else runs, so that times mean something."""
    return Job(
        RouterComparison,
        config,
        artifacts=artifacts,
        models=models,
        sources=sources,
        alone=True,
        module="tasks.route.compare.run",
    )
