"""Other processes at the same folder: a second run of the same config, and one that keeps a database busy."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from faulty import TWO, Home

BRANCH = ("convert:ocd", "evaluate")


@pytest.mark.integration
def test_two_runs_at_once_build_every_stage_once(finished: Home, copied: Home) -> None:
    copied.forget(*BRANCH)
    both_complete(copied, finished, set(BRANCH))


@pytest.mark.faults
def test_two_runs_at_once_from_nothing(finished: Home, fresh: Home) -> None:
    both_complete(fresh, finished, set(finished.rows()))


@pytest.mark.faults
def test_two_runs_at_once_without_a_common_server(
    finished: Home, copied: Home, alone: Callable[[Home], Home]
) -> None:
    copied.forget(*BRANCH)
    both_complete(alone(copied), finished, set(BRANCH))


@pytest.mark.faults
@pytest.mark.parametrize("seconds", [6, 40])
def test_a_busy_database_delays_a_run_and_fails_nothing(
    finished: Home, copied: Home, alone: Callable[[Home], Home], seconds: int
) -> None:
    home = alone(copied)
    home.forget(*BRANCH)
    run = home.start("run", TWO)
    assert run.until(lambda: run.says("s  convert:ocd: running"))
    for name in ("mlflow/mlflow.db", "prefect/prefect.db"):
        occupy(home.path / name, seconds)
    assert run.ended().code == 0, run.text()
    assert home.built() == set(BRANCH)
    assert home.results() == finished.results()
    assert home.leftovers() == []


def both_complete(home: Home, finished: Home, wanted: set[str]) -> None:
    """Run twice at once; each label is built by exactly one of the runs, and both have all of it."""
    before = set((home.path / "runs").glob("*-*"))
    runs = [home.start("run", TWO) for _ in range(2)]
    for run in runs:
        assert run.ended().code == 0, run.text()
    folders = [path for path in (home.path / "runs").glob("*-*") if path not in before]
    assert len(folders) == 2
    built = [label for folder in folders for label in built_in(folder)]
    assert sorted(built) == sorted(wanted)
    references = {(folder / "artifacts.json").read_text() for folder in folders}
    assert len(references) == 1
    assert home.results() == finished.results()
    assert home.leftovers() == []


def built_in(folder: Path) -> list[str]:
    rows = json.loads((folder / "report.json").read_text())["stages"]
    return [f"{row['stage']}:{row['domain']}".rstrip(":") for row in rows if row["status"] == "built"]


def occupy(database: Path, seconds: float) -> None:
    """Hold the write lock of the database for so long."""
    with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
