"""Building again: just what was asked for, what depends on it, or what a failed run did not reach."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from smoke_pipeline import SMOKE, Pipeline

pytestmark = pytest.mark.flow

PDF = "examples/library/ocd/understanding-ocd.pdf"


def built(pipeline: Pipeline) -> set[str]:
    return {label for label, status in pipeline.stages().items() if status == "built"}


def digests(pipeline: Pipeline) -> dict[str, str]:
    return {f"{row['stage']}:{row['domain']}": row["digest"] for row in pipeline.report()["stages"]}


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_only_builds_just_that_and_equal_bytes_rebuild_nothing_downstream(smoke: Pipeline) -> None:
    before = digests(smoke)
    succeeded(smoke.call("rerun", SMOKE, "--only", "ingest:ocd", "--yes"))
    assert built(smoke) == {"ingest:ocd"}
    assert digests(smoke) == before


def test_from_builds_that_and_what_depends_on_it(smoke: Pipeline) -> None:
    before = digests(smoke)
    shown = succeeded(smoke.call("rerun", "--from", "route", "--yes"))
    assert "asked for again" in shown
    assert built(smoke) == {"route", "evaluate"}
    assert digests(smoke)["route:"] == before["route:"]


def test_nothing_runs_without_agreement(smoke: Pipeline) -> None:
    before = smoke.report()["run"]
    done = smoke.call("rerun", SMOKE, "--only", "ingest:ocd")
    assert done.returncode == 1
    assert "asked for again" in done.stdout
    assert smoke.report()["run"] == before


def test_a_failed_run_goes_on_with_its_own_parameters(smoke: Pipeline, tmp_path: Path) -> None:
    pdf = tmp_path / "documents" / "understanding-ocd.pdf"
    change = tmp_path / "overlay.yaml"
    change.write_text(f"name: moved\ndomains: {{ocd: {{documents: {pdf}}}}}\n")
    done = smoke.call("run", SMOKE, change)
    assert done.returncode == 2
    run = smoke.report()["run"]
    assert f"pocketmoe retry {run}" in done.stderr
    assert f"{pdf}: no such file or folder" in done.stderr
    change.unlink()
    pdf.parent.mkdir()
    shutil.copy(PDF, pdf)
    shown = succeeded(smoke.call("retry", run, "--yes"))
    assert "moved" in json.dumps(smoke.report()["config"]["name"])
    assert built(smoke) == set()
    assert "0 of 20 stages built" in shown


def test_a_rerun_that_names_no_stage_is_refused(smoke: Pipeline) -> None:
    done = smoke.call("rerun", SMOKE)
    assert done.returncode == 2
    assert "--from" in done.stderr
