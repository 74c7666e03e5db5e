"""The smoke configuration, run once for all flow tests; each test that changes something has a copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from smoke_pipeline import SMOKE, Pipeline, free_port

from tasks.kernel.settings import PROJECT, Settings


@pytest.fixture(scope="session")
def finished_smoke(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Pipeline:
    """The smoke configuration, built from nothing with a server of its own; tests only look at it."""
    port = free_port()
    return Pipeline(made_once("smoke", lambda home: Pipeline(home, port).run(SMOKE)), port)


@pytest.fixture
def smoke(finished_smoke: Pipeline, common_api: str, tmp_path: Path) -> Pipeline:
    """A copy of it for one test, whose runs use the worker's server."""
    home = tmp_path / "smoke"
    shutil.copytree(finished_smoke.home, home, symlinks=True, ignore=shutil.ignore_patterns("prefect"))
    return Pipeline(home, finished_smoke.port, common_api)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(artifacts=tmp_path / "artifacts")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    shutil.copytree(
        PROJECT / "examples" / "library", tmp_path / "library", ignore=shutil.ignore_patterns("*.md")
    )
    return tmp_path / "library"
