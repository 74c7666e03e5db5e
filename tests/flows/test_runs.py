"""A run's folder: there from the start, found by name, and the same for a retry of the same flow run."""

from pathlib import Path

import pytest
from smoke_pipeline import SMOKE

from flows.runs.folders import find_run, start_run
from flows.runs.selection import Rebuild
from tasks.kernel.errors import StoreError
from tasks.kernel.settings import Settings

FIRST, SECOND = "11111111-aaaa", "22222222-bbbb"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(artifacts=tmp_path)


def test_a_run_keeps_what_it_was_started_with(settings: Settings, tmp_path: Path) -> None:
    change = tmp_path / "change.yaml"
    change.write_text("name: renamed\n")
    this_run = start_run(
        settings, FIRST, [SMOKE, change], Rebuild(stages=("route",)), {"merge": {"max_mean_kl": 0.5}}
    )
    change.write_text("name: again\n")
    again = start_run(settings, FIRST, [SMOKE, change], Rebuild(), {})
    assert again == this_run
    assert (again.config.name, again.config.merge.max_mean_kl) == ("renamed", 0.5)
    assert again.file.rebuild.since == again.file.started


def test_a_run_is_found_by_its_name_and_by_its_flow_run(settings: Settings) -> None:
    folder = start_run(settings, FIRST, [SMOKE], Rebuild(), {}).folder
    start_run(settings, SECOND, [SMOKE], Rebuild(), {})
    assert find_run(settings, folder.name) == folder
    assert find_run(settings, FIRST) == folder


def test_an_unknown_run_is_refused_with_those_that_are_there(settings: Settings) -> None:
    folder = start_run(settings, FIRST, [SMOKE], Rebuild(), {}).folder
    with pytest.raises(StoreError, match=f"33333333: no such run .* {folder.name}"):
        find_run(settings, "33333333")
