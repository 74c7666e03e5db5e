"""The flow that compares routers: on the questions of a configuration, or on two files of questions.

In: configuration files or question files, and kinds. Out: a folder with `comparison.json` and
`comparison.html`. It runs what the pipeline runs up to the questions, from the same cache, and then one
stage; files go straight to that stage.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

from prefect import flow
from prefect.runtime import flow_run
from pydantic import BaseModel, ConfigDict, Field

from flows.calls import Call
from flows.config import Config, load_config
from flows.dag import comparison_dag, file_comparison_dag
from flows.pipeline import submit_all
from flows.plan import refusals
from flows.report.comparison_page import comparison_page
from flows.runs.outcome import Outcome, failures, users_fault
from flows.runs.runners import task_runner
from flows.runs.selection import Rebuild, order_of
from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import PipelineError, StageError, UnsupportedError
from tasks.kernel.execution.locks import exclusive
from tasks.kernel.execution.stopping import stops_stages
from tasks.kernel.settings import Settings
from tasks.kernel.storage.store import Store
from tasks.kernel.tracking.mlflow_run import TrackedRun, asked, warned
from tasks.kernel.tracking.tracker import Tracker
from tasks.records.files import write_json
from tasks.records.router_comparison import FILE, read_comparison
from tasks.route.compare_config import CompareConfig, ComparedRoutes, routes_of
from tasks.route.config import RouteConfig

Configs: TypeAlias = Annotated[Sequence[Path], Field(description="YAML files, merged left to right.")]
Kinds: TypeAlias = Annotated[str, Field(description="Comma-separated; empty: those of the configuration.")]
_NEEDED = ("ingest", "generate")
_ON_FILES = "tfidf-reference,tfidf"


class QuestionFiles(BaseModel):
    """Two files of questions: JSON lines with `question` and `domain`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: Path
    test: Path
    out_of_scope_domain: str = "oos"
    """The domain of questions that belong to none; empty: there are none."""
    max_false_rejections: float = Field(default=0.04, gt=0, le=0.5)
    """Share of the questions in scope that a router may reject."""


@dataclass(frozen=True)
class _Comparison:
    """What is compared, and how it is called."""

    name: str
    draw: Callable[[Call], dict[str, Artifact]]
    settings: dict[str, object]
    """The configuration, written beside the result."""


def _run_name() -> str:
    """Return what is compared, for the dashboard."""
    paths = [Path(path) for path in flow_run.parameters["configs"]]
    if files := flow_run.parameters["files"]:
        given = QuestionFiles.model_validate(files)
        paths = [given.train, given.test]
    return "compare " + "+".join(path.stem for path in paths)


@flow(name="pocketmoe-compare-routers", flow_run_name=_run_name, persist_result=False)
def comparison(configs: Configs = (), kinds: Kinds = "", files: QuestionFiles | None = None) -> Path:
    """Compare routers on the questions of a configuration or of two files; return the report's folder.

    Raises ConfigError or UnsupportedError before anything is built, and otherwise PipelineError that
    names every failed stage.

    Args:
        configs: YAML files from the project's folder, merged left to right; empty: `files`.
        kinds: Routers to compare by kind, comma-separated; empty: those of the configuration.
        files: Two files of questions, instead of a configuration.

    """
    settings = Settings.read()
    asked_for = _of_files(files, kinds) if files else _of_config(load_config(configs), kinds)
    folder = settings.comparisons / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{str(flow_run.id)[:8]}"
    folder.mkdir(parents=True)
    write_json(folder / "config.json", asked_for.settings)
    tags = {"prefect.flow_run": str(flow_run.id), "pocketmoe.config": asked_for.name}
    with (
        exclusive(settings.locks, f"run-{folder.name}", lambda: None),
        Tracker(settings.home).run(f"compare-routers {asked_for.name}", tags=tags) as parent,
        task_runner(settings) as runner,
        stops_stages(),
    ):
        nodes = submit_all(asked_for.draw, order_of(Rebuild(), frozenset(), parent.run_id), runner)
        _raise_failures(nodes)
        _publish(nodes["comparison"], folder, settings, parent)
    return folder


def _of_config(config: Config, kinds: str) -> _Comparison:
    _refuse(config)
    compare, route = config.described(config.compare), config.described(config.route)
    routes = ComparedRoutes(routes=routes_of(compare, route, kinds))
    return _Comparison(
        config.name, lambda call: comparison_dag(config, routes, call), config.model_dump(mode="json")
    )


def _of_files(files: QuestionFiles, kinds: str) -> _Comparison:
    usual = RouteConfig(max_false_rejections=files.max_false_rejections)
    routes = ComparedRoutes(
        routes=routes_of(CompareConfig(), usual, kinds or _ON_FILES),
        out_of_scope_domain=files.out_of_scope_domain,
    )
    return _Comparison(
        f"{files.train.stem} {files.test.stem}",
        lambda call: file_comparison_dag(files.train, files.test, routes, call),
        files.model_dump(mode="json") | routes.model_dump(mode="json"),
    )


def _refuse(config: Config) -> None:
    """Raise UnsupportedError for what the questions need and cannot be done yet."""
    found = {label: lines for label, lines in refusals(config).items() if label.startswith(_NEEDED)}
    if found:
        raise UnsupportedError(
            "\n".join(f"{label}: {line}" for label, lines in found.items() for line in lines)
        )


def _raise_failures(nodes: dict[str, Outcome]) -> None:
    problems = failures(nodes)
    if problems:
        message = "\n".join([*problems, "what is built is kept: give the same command to go on"])
        raise PipelineError(message) if users_fault(nodes) else StageError(message)


def _publish(node: Outcome, folder: Path, settings: Settings, parent: TrackedRun) -> None:
    """Write the table, the page and any routers, and log the figures' own run to MLflow."""
    if node.artifact is None:
        raise StageError("compare: no result, although no stage failed; give the same command again")
    store = Store(settings.store, settings.store_url)
    data = store.fetch(node.artifact)
    shutil.copytree(data, folder, dirs_exist_ok=True)
    page = folder / "comparison.html"
    page.write_text(comparison_page(read_comparison(data)), encoding="utf-8")
    manifest = store.manifest(node.artifact)
    parent.record({}, manifest.metrics, folder, manifest.digest)
    parent.tag({"built_by.compare": manifest.mlflow_run})
    with warned("the comparison's page"):
        for file in (folder / FILE, page):
            asked(parent.client.log_artifact, parent.run_id, str(file))
