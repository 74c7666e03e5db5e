"""Route: the QADatasets of all domains -> Router."""

from collections.abc import Mapping

from tasks.artifacts import QADataset, Router
from tasks.job import Job
from tasks.route.config import RouteConfig
from tasks.stage import stage


@stage
def train_router(datasets: Mapping[str, QADataset], config: RouteConfig) -> Job[Router]:
    """Train the classifier from question to domain."""
    return Job(Router, config, artifacts={f"qa/{name}": dataset for name, dataset in datasets.items()})
