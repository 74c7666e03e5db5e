"""Dashboards: every stage says hit or miss, its time and metrics, and where MLflow shows its run."""

import pytest

from flows.report.schema import StageRow
from flows.runs.publish import stage_row

pytestmark = pytest.mark.slow

RUNS = "http://127.0.0.1:5000/#/experiments/1/runs"


def row(**changes: object) -> StageRow:
    values = {"stage": "generate", "domain": "ocd", "status": "cached", "seconds": 71.0, "mlflow_run": "abc"}
    return StageRow.model_validate({**values, "metrics": {"kept": 56.0, "sentences": 92.0}, **changes})


def test_a_row_links_to_its_run_and_names_its_metrics() -> None:
    shown = stage_row(row(), RUNS)
    assert shown["run"] == f"[MLflow]({RUNS}/abc)"
    assert (shown["cache"], shown["time"], shown["result"]) == ("hit", "1 min 11 s", "kept 56")


@pytest.mark.parametrize(("status", "word"), [("built", "miss: built"), ("failed", "miss: failed")])
def test_what_was_not_in_the_cache_is_a_miss(status: str, word: str) -> None:
    assert stage_row(row(status=status), RUNS)["cache"] == word


def test_a_failed_stage_shows_its_reason_and_no_link() -> None:
    shown = stage_row(row(status="failed", reason="no PDF", mlflow_run=""), RUNS)
    assert (shown["result"], shown["run"]) == ("no PDF", "–")
