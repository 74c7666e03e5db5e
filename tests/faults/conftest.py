"""An undisturbed run, a copy of it for each case, and one Prefect server for all but the server's own."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faulty import TWO, Home
from moments import Undisturbed, free_port, undisturbed


@pytest.fixture(scope="session")
def finished(common_api: str, made_once: Callable[[str, Callable[[Path], object]], Path]) -> Home:
    """Two domains, built undisturbed."""

    def build(home: Path) -> None:
        done = Home(home, free_port(), common_api).run(TWO)
        assert done.code == 0, done.text()

    return Home(made_once("finished", build), free_port(), common_api)


@pytest.fixture(scope="session")
def one(common_api: str, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """One domain, built undisturbed from nothing: what it came to, and when it said what."""
    return undisturbed(Home(tmp_path_factory.mktemp("one"), free_port(), common_api))


@pytest.fixture
def fresh(common_api: str, tmp_path: Path) -> Iterator[Home]:
    """An empty artifacts folder; what a failed case still runs in it is ended."""
    home = Home(tmp_path / "home", free_port(), common_api)
    yield home
    for process in home.processes():
        process.kill()


@pytest.fixture
def copied(finished: Home, fresh: Home) -> Home:
    """Give a copy of what is built, without the record of Prefect."""
    for part in ("cache", "store", "runs", "mlflow"):
        shutil.copytree(finished.path / part, fresh.path / part, symlinks=True)
    return fresh


@pytest.fixture
def alone() -> Callable[[Home], Home]:
    """Give the same folder without the shared server, so that each run starts its own."""
    return lambda home: replace(home, api="")
