"""The one Prefect flow: submit the DAG, wait for every branch, report what exists, name every failure.

In: a configuration. Out: the folder of the report. The run is Completed only when every
planned stage is there.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.futures import PrefectFuture, as_completed
from prefect.runtime import flow_run

from flows.config import Config
from flows.dag import dag
from flows.environment import environment
from flows.memory import PeakMemory
from flows.outcome import Outcome, failures, outcome_of, stage_rows, users_fault
from flows.plan import refusals
from flows.report.collect import collect
from flows.report.schema import Report, RunFacts
from flows.report.tables import markdown_summary, stages_table
from flows.report.write import write_report
from tasks.artifacts import Artifact, Store
from tasks.errors import PipelineError, StageError, UnsupportedError
from tasks.execute import announce
from tasks.records import write_json
from tasks.settings import Settings
from tasks.stage import Stage
from tasks.tracking import TrackedRun, Tracker

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")


@flow(name="pocketmoe", flow_run_name="{config.name}")
def pipeline(config: Config) -> Path:
    """Run every stage of `config`; return the folder of the report.

    Raises PipelineError that names every failed stage, after all branches have ended.
    """
    refuse(config)
    settings = Settings.read()
    tags = {"prefect.flow_run": str(flow_run.id), "pocketmoe.config": config.name}
    with PeakMemory() as memory, Tracker(settings.home).run(config.name, tags=tags) as parent:
        start = time.monotonic()
        nodes = run_dag(config, settings.model_copy(update={"parent_run": parent.run_id}))
        measured = Measured(time.monotonic() - start, memory.peak_bytes)
        folder = publish_report(config, settings, nodes, measured, parent)
        problems = failures(nodes)
        if problems:
            message = "\n".join([*problems, f"what exists is in {folder / 'report.html'}"])
            raise PipelineError(message) if users_fault(nodes) else StageError(message)
    return folder


@dataclass(frozen=True)
class Measured:
    """What the whole run took."""

    seconds: float
    peak_memory_bytes: int


def refuse(config: Config) -> None:
    """Raise UnsupportedError that names all that cannot be done yet, and what to use meanwhile."""
    found = refusals(config)
    if found:
        lines = [f"{label}: {sentence}" for label, sentences in found.items() for sentence in sentences]
        raise UnsupportedError("\n".join(lines))


def run_dag(config: Config, settings: Settings) -> dict[str, Outcome]:
    """Submit every stage, wait for all of them and return how each node ended."""
    labels: dict[int, str] = {}

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        future = stage.submit(settings, *args, **kwargs)
        labels[id(future)] = stage.label(*args, **kwargs)
        announce(labels[id(future)], state="waiting")
        return cast("A", future)

    nodes = cast("dict[str, PrefectFuture[Artifact]]", dag(config, call))
    for future in as_completed(list(nodes.values())):
        future.wait()
        announce(labels[id(future)], state=outcome_of("", future.state).status)
    return {name: outcome_of(labels[id(future)], future.state) for name, future in nodes.items()}


def publish_report(
    config: Config, settings: Settings, nodes: Mapping[str, Outcome], measured: Measured, parent: TrackedRun
) -> Path:
    """Write the report's files and show them in both dashboards; return their folder."""
    store = Store(settings.store)
    folder = settings.runs / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{str(flow_run.id)[:8]}"
    facts = RunFacts(
        run=folder.name,
        status="failed" if failures(nodes) else "completed",
        seconds=measured.seconds,
        peak_memory_bytes=measured.peak_memory_bytes,
        environment=environment(nodes, store),
    )
    built = {name: node.artifact for name, node in nodes.items() if node.artifact is not None}
    folders = {name: store.folder(artifact) for name, artifact in built.items()}
    report = collect(folders, stage_rows(nodes, store), config.model_dump(mode="json"), facts)
    write_report(report, folder)
    write_json(folder / "artifacts.json", _references(config, built))
    _point_latest(folder)
    _show(report, folder, parent)
    return folder


def _references(config: Config, built: Mapping[str, Artifact]) -> dict[str, object]:
    """Return what a finished run is served from: kind and digest of every artifact, and the base model."""
    parts = {name: {"kind": type(node).__name__, "digest": node.digest} for name, node in built.items()}
    return {**parts, "base_model": config.base_model.model_dump(mode="json")}


def _show(report: Report, folder: Path, parent: TrackedRun) -> None:
    create_table_artifact(key="stages", table=stages_table(report.stages).records(), description="Stages")
    create_markdown_artifact(key="report", markdown=markdown_summary(report), description="Results")
    for name in ("report.json", "report.html"):
        parent.client.log_artifact(parent.run_id, str(folder / name))
    for row in report.stages:
        if row.status == "cached":
            label = f"{row.stage}.{row.domain}".rstrip(".")
            parent.client.set_tag(parent.run_id, f"built_by.{label}", row.mlflow_run)


def _point_latest(folder: Path) -> None:
    """Point `latest` at the folder in one step, so that a reader never finds it gone."""
    fresh = folder.parent / f".latest-{folder.name}"
    fresh.symlink_to(folder.name)
    fresh.replace(folder.parent / "latest")
