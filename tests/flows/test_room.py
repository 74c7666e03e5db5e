"""Closed folders and missing room are told in one message, before anything is built, and by what to set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from smoke_pipeline import SMOKE, Pipeline, free_port

from flows.config import load_config
from flows.plan import plan
from flows.runs.room import estimate, refuse_shortage, refuse_unwritable, shortage, writable_places
from tasks.kernel.errors import StoreError
from tasks.kernel.settings import PROJECT, Settings

DEMO = PROJECT / "configs" / "demo.yaml"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose folders are all the test's own."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "artifacts" / "prefect"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Settings(artifacts=tmp_path / "artifacts")


def test_folders_that_are_not_there_yet_may_be_made(settings: Settings) -> None:
    refuse_unwritable(settings)
    assert not settings.home.exists()


@pytest.mark.parametrize("part", ["", "store", "cache", "runs", "locks", "mlflow", "prefect"])
def test_each_folder_below_the_artifacts_is_tried(settings: Settings, part: str) -> None:
    place = settings.home / part
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("no folder")
    with pytest.raises(StoreError, match=r"not writable .*or set POCKETMOE_ARTIFACTS") as caught:
        refuse_unwritable(settings)
    assert f"{place}" in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "advice"), [("XDG_CACHE_HOME", "XDG_CACHE_HOME"), ("HOME", "XDG_CACHE_HOME")]
)
def test_a_closed_home_is_told_unless_the_models_are_there(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, advice: str
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    with pytest.raises(StoreError, match=f"set {advice} to a folder that is"):
        refuse_unwritable(settings)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache" / "pocketmoe" / "models" / "tiny-64-0").mkdir(parents=True)
    assert not writable_places(settings)["models"].needed
    refuse_unwritable(settings)


def test_room_is_estimated_from_what_the_plan_will_write(settings: Settings) -> None:
    config = load_config([DEMO])
    merged = 538_000_000
    rows = [row.stage for row in plan(config, settings) if row.status == "miss"]
    assert rows.count("merge") == len(config.domains) + 1
    assert estimate(config, rows) == pytest.approx(merged * (4 * 1.1 + 3 * 0.7 + 3 * 0.25 + 6.4))
    assert estimate(config, ["heal"]) == pytest.approx(merged * (0.7 + 6.4), abs=1)
    assert estimate(config, ["convert"]) == pytest.approx(merged * 1.25)
    assert estimate(config, ["ingest", "merge"]) == merged
    assert estimate(config, []) == estimate(load_config([SMOKE]), rows) == 0


def test_missing_room_is_told_with_both_numbers(settings: Settings) -> None:
    config = load_config([DEMO])
    rows = plan(config, settings)
    assert shortage(config, [], settings) == ""
    said = shortage(config, rows, settings, free=1_200_000_000)
    assert "about 7.3 GB will be written and 1.2 GB are free" in said
    assert "POCKETMOE_ARTIFACTS" in said
    with pytest.raises(StoreError, match="GB are free"):
        refuse_shortage(config, settings, None, free=1_200_000_000)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("plan", SMOKE), ("run", SMOKE), ("up",)])
def test_a_command_says_it_in_one_message(tmp_path: Path, command: tuple[str | Path, ...]) -> None:
    (tmp_path / "file").write_text("no folder")
    done = Pipeline(tmp_path / "file" / "artifacts", free_port()).call(*command)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path}/file: not writable (")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.models
def test_the_doctor_examines_closed_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    variables = {"POCKETMOE_ARTIFACTS": str(tmp_path / "file" / "artifacts"), "HOME": str(tmp_path / "file")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "doctor"],
        cwd=PROJECT,
        env={**kept, **variables, "COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "POCKETMOE_ARTIFACTS" in done.stdout
    assert "XDG_CACHE_HOME" in done.stdout
