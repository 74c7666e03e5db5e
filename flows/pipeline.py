"""The one Prefect flow: submit the DAG, wait for every branch, report what exists, name every failure.

In: configuration files. Out: the folder of the report. The run is Completed only when every
stage that was asked for is there.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar, cast

from prefect import flow
from prefect.futures import PrefectFuture, as_completed
from prefect.runtime import flow_run
from pydantic import Field

from flows.calls import Call, stand_in
from flows.champions.promotion import after_run
from flows.config import Config, Overrides
from flows.dag import dag
from flows.plan import refusals
from flows.report.collect import collect
from flows.report.html import write_report
from flows.report.schema import RunFacts
from flows.runs.folders import StartedRun, note_mlflow_run, start_run
from flows.runs.machine import PeakMemory, environment
from flows.runs.outcome import Outcome, failures, outcome_of, settled, stage_rows, users_fault
from flows.runs.publish import show
from flows.runs.runners import Runner, task_runner, with_gpu
from flows.runs.selection import Rebuild, chosen, order_of
from flows.store.gc import sweep
from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import PipelineError, StageError, UnsupportedError
from tasks.kernel.execution.attempt import Order
from tasks.kernel.execution.locks import exclusive
from tasks.kernel.execution.progress import announce
from tasks.kernel.execution.stopping import stops_stages
from tasks.kernel.settings import Settings
from tasks.kernel.stage import Stage
from tasks.kernel.storage.store import Store
from tasks.kernel.tracking.mlflow_run import TrackedRun
from tasks.kernel.tracking.tracker import Tracker
from tasks.records.files import write_json

A = TypeVar("A", bound=Artifact)
P = ParamSpec("P")

Configs = Annotated[list[Path], Field(description="YAML files, merged left to right.", min_length=1)]
Laid = Annotated[Overrides, Field(description="Fields that are laid on the files, last of all.")]

_AS_IT_IS = Rebuild()


def _run_name() -> str:
    """Return the names of the configuration files, for the dashboard."""
    return "+".join(Path(path).stem for path in flow_run.parameters["configs"])


@flow(name="pocketmoe", flow_run_name=_run_name, persist_result=False)
def pipeline(configs: Configs, rebuild: Rebuild = _AS_IT_IS, overrides: Laid | None = None) -> Path:
    """Build everything that the configuration describes and that is not built yet, and report on it.

    Returns the folder of the report. Raises ConfigError or UnsupportedError before anything is built,
    and otherwise PipelineError that names every failed stage, after all branches have ended.

    Args:
        configs: YAML files from the project's folder, merged left to right.
        rebuild: What to build again although it is built; empty: nothing.
        overrides: Fields laid on the files, last of all, such as {"finetune": {"num_epochs": 1}}.

    """
    settings = Settings.read()
    this_run = start_run(settings, str(flow_run.id), configs, rebuild, overrides or {})
    refuse(this_run.config)
    sweep(settings)
    tags = {"prefect.flow_run": str(flow_run.id), "pocketmoe.config": this_run.config.name}
    with (
        exclusive(settings.locks, this_run.lock, lambda: None),
        PeakMemory() as memory,
        Tracker(settings.home).run(
            this_run.config.name, tags=tags, resume=this_run.file.mlflow_run
        ) as parent,
    ):
        note_mlflow_run(this_run, parent.run_id)
        start = time.monotonic()
        with task_runner(settings) as runner, stops_stages():
            nodes = run_dag(this_run.config, this_run.file.rebuild, parent.run_id, runner)
        measured = Measured(time.monotonic() - start, memory.peak_bytes)
        try:
            publish_report(this_run, settings, nodes, measured, parent)
        finally:
            raise_failures(this_run, nodes)  # they come first, and are why there is no report
        if all(node.artifact is not None for node in nodes.values()):
            after_run(this_run.folder, this_run.config.promotion, settings)
    return this_run.folder


def raise_failures(this_run: StartedRun, nodes: Mapping[str, Outcome]) -> None:
    """Raise an error that names every failure, and the commands that go on from here."""
    problems = failures(nodes)
    if not problems:
        return
    again = [f"again: pocketmoe retry {this_run.folder.name}"]
    if (this_run.folder / "report.html").is_file():
        again.append(f"what exists is in {this_run.folder / 'report.html'}")
    message = "\n".join([*problems, *again])
    raise PipelineError(message) if users_fault(nodes) else StageError(message)


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


def run_dag(config: Config, rebuild: Rebuild, parent_run: str, runner: Runner) -> dict[str, Outcome]:
    """Submit every stage, wait for all of them and return how each node ended."""
    order = order_of(rebuild, chosen(config, rebuild), parent_run)
    ended = submit_all(lambda call: dag(config, call), order, runner)
    return settled(ended, only=rebuild.only)


def submit_all(
    draw: Callable[[Call], dict[str, Artifact]], order: Callable[[str], Order], runner: Runner
) -> dict[str, Outcome]:
    """Submit what `draw` calls, wait for all of it and return how each node ended."""
    labels: dict[int, str] = {}

    def call(stage: Stage[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
        label = stage.label(*args, **kwargs)
        with with_gpu(runner) if stage.accelerated else nullcontext():
            future = stage.submit(runner, order(label), *args, **kwargs)
        labels[id(future)] = label
        announce(label, state="waiting")
        return stand_in(future, stage)

    nodes = cast("dict[str, PrefectFuture[Artifact]]", draw(call))
    for future in as_completed(list(nodes.values())):
        future.wait()
        announce(labels[id(future)], state=outcome_of("", future.state).status)
    return {name: outcome_of(labels[id(future)], future.state) for name, future in nodes.items()}


def publish_report(
    this_run: StartedRun,
    settings: Settings,
    nodes: Mapping[str, Outcome],
    measured: Measured,
    parent: TrackedRun,
) -> None:
    """Write the report's files into the run's folder and show them in both dashboards."""
    store = Store(settings.store, settings.store_url)
    facts = RunFacts(
        run=this_run.folder.name,
        status="failed" if failures(nodes) else "completed",
        seconds=measured.seconds,
        peak_memory_bytes=measured.peak_memory_bytes,
        environment=environment(nodes, store),
    )
    built = {name: node.artifact for name, node in nodes.items() if node.artifact is not None}
    folders = {name: store.fetch(artifact) for name, artifact in built.items()}
    report = collect(folders, stage_rows(nodes, store), this_run.config.model_dump(mode="json"), facts)
    write_report(report, this_run.folder)
    write_json(this_run.folder / "artifacts.json", _references(this_run.config, built))
    _point_latest(this_run.folder)
    show(report, this_run.folder, settings, parent)


def _references(config: Config, built: Mapping[str, Artifact]) -> dict[str, object]:
    """Return what a finished run is served from: kind and digest of every artifact, and the base model."""
    parts = {name: {"kind": type(node).__name__, "digest": node.digest} for name, node in built.items()}
    return {**parts, "base_model": config.base_model.model_dump(mode="json")}


def _point_latest(folder: Path) -> None:
    """Point `latest` at the folder in one step, so that a reader never finds it gone."""
    fresh = folder.parent / f".latest-{folder.name}"
    fresh.symlink_to(folder.name)
    fresh.replace(folder.parent / "latest")
