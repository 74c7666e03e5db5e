"""What a run shows in the dashboards: its stages, its results and its report.

In: the report and its folder. Out: in Prefect a table of stages with a link to the MLflow run of
each, and the results; in MLflow the report's files, and for each cached stage the run that built it.
Keys stay the same from run to run, so that Prefect shows their history.
"""

import os
from pathlib import Path

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.report import words
from flows.report.schema import Report, StageRow
from flows.report.tables.result_tables import markdown_summary
from flows.server.ownership import HOST, noted
from tasks.kernel.settings import Settings
from tasks.kernel.tracking.mlflow_run import TrackedRun, asked, warned

_STATUS = {"cached": "hit", "built": "miss: built", "failed": "miss: failed"}
_METRICS = {
    "ingest": ("passages", "examples"),
    "generate": ("asked", "kept", "kept_pairs_per_100_words", "page_coverage"),
    "route": ("accuracy", "macro_f1"),
    "finetune": ("validation_loss_before", "validation_loss_after"),
    "merge": ("mean_kl", "top1_agreement"),
    "heal": ("divergence_before", "divergence_after", "best_step"),
    "recipe": ("weight_bytes", "perplexity_ratio"),
    "graph": ("graph_bytes",),
    "convert": ("bundle",),
    "chain": ("kl_float_graph", "kl_int4_graph"),
    "share": ("bundle", "adapter_file"),
    "evaluate": ("router_accuracy", "perplexity_real"),
}
"""What a stage is judged by; everything else is in its MLflow run."""
_REASON_CHARACTERS = 300


def show(report: Report, folder: Path, settings: Settings, parent: TrackedRun) -> None:
    """Show the report in both dashboards."""
    runs = _runs_page(settings, parent)
    rows = [stage_row(row, runs) for row in report.stages]
    create_table_artifact(key="stages", table=rows, description=_counted(report))
    create_markdown_artifact(key="report", markdown=markdown_summary(report), description="Results")
    cached = [row for row in report.stages if row.status == "cached"]
    parent.tag({f"built_by.{row.stage}.{row.domain}".rstrip("."): row.mlflow_run for row in cached})
    with warned("the report"):
        for name in ("report.json", "report.html"):
            asked(parent.client.log_artifact, parent.run_id, str(folder / name))


def stage_row(row: StageRow, runs: str) -> dict[str, str]:
    """Return the table's row; Prefect shows Markdown in its cells."""
    return {
        "stage": row.stage,
        "domain": row.domain or "all",
        "cache": _STATUS.get(row.status, row.status),
        "time": words.duration(row.seconds),
        "memory": words.size(row.peak_memory_bytes),
        "run": f"[MLflow]({runs}/{row.mlflow_run})" if row.mlflow_run else words.NOTHING,
        "result": row.reason[:_REASON_CHARACTERS] or _measured(row),
    }


def _measured(row: StageRow) -> str:
    found = {name: row.metrics[name] for name in _METRICS.get(row.stage, ()) if name in row.metrics}
    return ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in found.items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def _counted(report: Report) -> str:
    states = [_STATUS.get(row.status, row.status) for row in report.stages]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _runs_page(settings: Settings, parent: TrackedRun) -> str:
    """Return the address of the runs' pages in MLflow's dashboard."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    here = noted(settings, "mlflow") or f"http://{HOST}:{settings.mlflow_port}"
    server = uri.rstrip("/") if uri.startswith("http") else here
    experiment = asked(parent.client.get_run, parent.run_id).info.experiment_id
    return f"{server}/#/experiments/{experiment}/runs"
