"""Pictures of both dashboards, from the run below an artifacts folder that built the most stages.

In: the folder, `artifacts/bench` where none is given. Out: `docs/pictures/{prefect,mlflow}-*.png`.
Starts `pocketmoe up` on free ports. Run with `make pictures` after `make bench`.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from benchmarks.browser import Page, browser
from benchmarks.pictures import PICTURES
from flows.report.html import read_report
from flows.report.schema import Report
from flows.runs.folders import reopen
from flows.server.dashboards import answers
from flows.server.ownership import HOST
from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import PROJECT

_START_SECONDS = 180.0
_WIDTH, _HEIGHT = 1400, 860
_LOW = 640
_TRAINING = "workflowType=machine_learning"
"""MLflow shows other pages to those who build on language models than to those who train them."""
_ASSISTANT = "mlflow.assistant.chat_panel.close"
_HIDDEN = ".modebar { display: none !important; }"


@dataclass(frozen=True)
class Shown:
    """A run, and where both dashboards show it."""

    flow_run: str
    mlflow_run: str
    report: Report
    prefect: str
    mlflow: str


def main(home: Path) -> None:
    """Take every picture."""
    PICTURES.mkdir(exist_ok=True)
    with _dashboards(home) as (prefect, mlflow), browser(_WIDTH, _HEIGHT) as page:
        shown = _find(home / "runs", prefect, mlflow)
        _prefect(shown, page)
        _mlflow(shown, page)


def _find(runs: Path, prefect: str, mlflow: str) -> Shown:
    """Choose the run that built the most stages, the newest of several."""
    folders = sorted(path.parent for path in runs.glob("*/report.json") if not path.parent.is_symlink())
    if not folders:
        raise ServiceError(f"{runs}: no finished run; run `make bench` first")
    reports = {folder: read_report(folder / "report.json") for folder in folders}
    built = {folder: sum(row.status == "built" for row in one.stages) for folder, one in reports.items()}
    chosen = max(folders, key=lambda folder: (built[folder], folder.name))
    this_run = reopen(chosen).file
    return Shown(this_run.flow_run, this_run.mlflow_run, reports[chosen], prefect, mlflow)


def _prefect(shown: Shown, page: Page) -> None:
    page.open(f"{shown.prefect}/runs/flow-run/{shown.flow_run}", _stands("Task runs"))
    page.photograph(PICTURES / "prefect-run.png")
    wanted = {"flow_runs": {"id": {"any_": [shown.flow_run]}}, "artifacts": {"key": {"any_": ["stages"]}}}
    found = httpx.post(f"{shown.prefect}/api/artifacts/filter", json=wanted).json()
    page.open(f"{shown.prefect}/artifacts/artifact/{found[0]['id']}", _stands("MLflow"))
    page.photograph(PICTURES / "prefect-stages.png")


def _mlflow(shown: Shown, page: Page) -> None:
    api = f"{shown.mlflow}/api/2.0/mlflow/runs/get"
    run = httpx.get(api, params={"run_id": shown.mlflow_run}).json()["run"]
    experiment = f"{shown.mlflow}/#/experiments/{run['info']['experiment_id']}"
    children = quote(f"tags.`mlflow.parentRunId` = '{shown.mlflow_run}'")
    page.open(f"{experiment}/runs?{_TRAINING}&searchFilter={children}", "document.querySelector('.ag-row')")
    page.click(".ag-row button")
    page.wait(_stands("evaluate"))
    _tidy(page)
    page.photograph(PICTURES / "mlflow-runs.png")
    trained = next(row.mlflow_run for row in shown.report.stages if row.stage == "finetune")
    page.open(f"{experiment}/runs/{trained}/model-metrics?{_TRAINING}", "document.querySelector('.main-svg')")
    page.write("input[placeholder='Search metric charts']", "loss")
    _tidy(page)
    page.resize(_WIDTH, _LOW)
    page.photograph(PICTURES / "mlflow-training.png")


def _stands(text: str) -> str:
    """Return an expression: whether the page shows `text`, in whatever case."""
    return f"document.body.innerText.toLowerCase().includes('{text.lower()}')"


def _tidy(page: Page) -> None:
    """Close what stands open in every new browser, and hide the buttons above each chart."""
    page.click(f"[data-component-id='{_ASSISTANT}']")
    style = "document.createElement('style')"
    page.evaluate(f"document.head.append(Object.assign({style}, {{textContent: {_HIDDEN!r}}}))")


@contextmanager
def _dashboards(home: Path) -> Iterator[tuple[str, str]]:
    """Serve both dashboards and give their addresses."""
    prefect, mlflow = _free_ports()
    places = {
        "POCKETMOE_ARTIFACTS": str(home),
        "POCKETMOE_PREFECT_PORT": str(prefect),
        "POCKETMOE_MLFLOW_PORT": str(mlflow),
    }
    command = [sys.executable, "-m", "flows.cli", "up"]
    process = subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, **places}, stdout=subprocess.DEVNULL, stderr=None
    )
    urls = (f"http://{HOST}:{prefect}", f"http://{HOST}:{mlflow}")
    try:
        _await((f"{urls[0]}/api/health", f"{urls[1]}/health"))
        yield urls
    finally:
        process.terminate()
        process.wait()


def _await(urls: tuple[str, ...]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not all(answers(url) for url in urls):
        if time.monotonic() > deadline:
            raise ServiceError("the dashboards do not start; try `pocketmoe doctor`")
        time.sleep(1)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind((HOST, 0))
        second.bind((HOST, 0))
        return int(first.getsockname()[1]), int(second.getsockname()[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else PROJECT / "artifacts" / "bench")
