"""The `.task` form in the DAG: what it compares tokenizers on is waited for, and nothing else changes."""

from pathlib import Path

import pytest
from smoke_pipeline import SMOKE

from flows.config import Config, load_config
from flows.plan import plan
from flows.server.doctor import bundler_packages
from tasks.kernel.settings import Settings

TASK = {"formats": ["litertlm", "task"]}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(artifacts=tmp_path / "artifacts")


def config_of(**convert: object) -> Config:
    return load_config([SMOKE], {"convert": convert})


def waits(config: Config, settings: Settings) -> dict[str, set[str]]:
    rows = plan(config, settings)
    return {
        f"{row.stage}:{row.domain}": set(row.reason.removeprefix("waits for ").split(", ")) for row in rows
    }


def test_bundle_with_a_task_waits_for_the_domains_texts_too(settings) -> None:
    plain, both = waits(config_of(), settings), waits(config_of(**TASK), settings)
    assert both["convert:ocd"] - plain["convert:ocd"] == {"ingest:ocd", "generate:ocd"}
    assert {name for name in plain if plain[name] != both[name]} == {"convert:anxiety", "convert:ocd"}


def test_task_alone_is_refused_in_the_plan(settings) -> None:
    found = {f"{row.stage}:{row.domain}": row for row in plan(config_of(formats=["task"]), settings)}
    assert found["convert:ocd"].status == "refused"


def test_doctor_does_not_miss_a_bundler_that_few_runs_need(tmp_path) -> None:
    ok, found, advice = bundler_packages(tmp_path / "bin" / "python")
    assert ok
    assert "make task-tools" in found
    assert not advice
