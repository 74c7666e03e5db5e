"""The flow that compares routers on the questions of a configuration.

In: configuration files and kinds. Out: a folder with `comparison.json`, `comparison.html` and the merged
configuration. It runs what the pipeline runs up to the questions, from the same cache, and then one stage.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field, TypeAdapter
from rich.console import Group, RenderableType
from rich.text import Text

from flows.config import Config, load_config
from flows.dag import Call, comparison_dag
from flows.pipeline import Configs, submit_all
from flows.plan import refusals
from flows.report.comparison import comparison_page, comparison_tables, verdict, warnings
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
from tasks.route.compare.rows import Compared
from tasks.route.compare_config import ComparedRoutes, routes_of

Kinds: TypeAlias = Annotated[str, Field(description="Comma-separated; empty: those of the configuration.")]
_NEEDED = ("ingest", "generate")


def _run_name() -> str:
    """Return what is compared, for the dashboard."""
    return "compare " + "+".join(Path(path).stem for path in flow_run.parameters["configs"])


@flow(name="pocketmoe-compare-routers", flow_run_name=_run_name, persist_result=False)
def comparison(configs: Configs, kinds: Kinds = "") -> Path:
    """Build the questions that are not built yet, compare routers on them, and return the report's folder.

    Raises ConfigError or UnsupportedError before anything is built, and otherwise PipelineError that
    names every failed stage.

    Args:
        configs: YAML files from the project's folder, merged left to right.
        kinds: Routers to compare by kind, comma-separated; empty: those of the configuration.

    """
    settings, config = Settings.read(), load_config(configs)
    routes = ComparedRoutes(routes=routes_of(config.compare, config.route, kinds))
    _refuse(config)
    folder = settings.comparisons / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{str(flow_run.id)[:8]}"
    folder.mkdir(parents=True)
    write_json(folder / "config.json", config.model_dump(mode="json"))
    name = f"compare-routers {config.name}"
    tags = {"prefect.flow_run": str(flow_run.id), "pocketmoe.config": config.name}
    with (
        exclusive(settings.locks, f"run-{folder.name}", lambda: None),
        Tracker(settings.home).run(name, tags=tags) as parent,
        task_runner(settings) as runner,
        stops_stages(),
    ):

        def draw(call: Call) -> dict[str, Artifact]:
            return comparison_dag(config, routes, call)

        nodes = submit_all(draw, order_of(Rebuild(), frozenset(), parent.run_id), runner)
        _raise_failures(nodes)
        _publish(nodes["comparison"], folder, settings, parent)
    return folder


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
    """Write the table and the page, and log both and the figures' own run to MLflow."""
    if node.artifact is None:
        raise StageError("compare: no result, although no stage failed; give the same command again")
    store = Store(settings.store, settings.store_url)
    rows = read_rows(store.fetch(node.artifact) / "comparison.json")
    manifest = store.manifest(node.artifact)
    files = write_comparison(rows, folder)
    parent.record({}, manifest.metrics, folder, manifest.digest)
    parent.tag({"built_by.compare": manifest.mlflow_run})
    with warned("the comparison's page"):
        for file in files:
            asked(parent.client.log_artifact, parent.run_id, str(file))


_ROWS = TypeAdapter(list[Compared])


def read_rows(path: Path) -> list[Compared]:
    """Read a comparison.json."""
    return _ROWS.validate_json(path.read_bytes())


def as_json(rows: Sequence[Compared]) -> str:
    """Return a list with one object a router."""
    return json.dumps([row.model_dump(mode="json") for row in rows], indent=2)


def write_comparison(rows: Sequence[Compared], folder: Path) -> list[Path]:
    """Write `comparison.json` and `comparison.html`; return both."""
    folder.mkdir(parents=True, exist_ok=True)
    data, page = folder / "comparison.json", folder / "comparison.html"
    write_json(data, [row.model_dump(mode="json") for row in rows])
    page.write_text(comparison_page(rows), encoding="utf-8")
    return [data, page]


def comparison_words(rows: Sequence[Compared]) -> RenderableType:
    """Return the tables, what can be concluded, and what flatters."""
    tables = [table.rich() for table in comparison_tables(rows).values() if table.rows]
    cautions = [Text(f"warning: {sentence}", style="yellow") for sentence in warnings(rows)]
    return Group(*tables, Text(verdict(rows)), *cautions)
