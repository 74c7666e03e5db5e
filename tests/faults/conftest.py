"""An undisturbed run, a copy of it for each case, and one Prefect server for all but the server's own."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from faulty import TWO, Home
from moments import Undisturbed, free_port, undisturbed

from tasks.kernel.settings import Settings


@pytest.fixture(scope="session")
def server(
    prefect_server: Callable[[Settings], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Give the address of a Prefect server."""
    with prefect_server(
        Settings(artifacts=tmp_path_factory.mktemp("server"), prefect_port=free_port())
    ) as api:
        yield api


@pytest.fixture(scope="session")
def finished(server: str, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two domains, built undisturbed."""
    home = Home(tmp_path_factory.mktemp("finished"), free_port(), server)
    done = home.run(TWO)
    assert done.code == 0, done.text()
    return home


@pytest.fixture(scope="session")
def one(server: str, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """One domain, built undisturbed from nothing: what it came to, and when it said what."""
    return undisturbed(Home(tmp_path_factory.mktemp("one"), free_port(), server))


@pytest.fixture
def fresh(server: str, tmp_path: Path) -> Iterator[Home]:
    """An empty artifacts folder; what a failed case still runs in it is ended."""
    home = Home(tmp_path / "home", free_port(), server)
    yield home
    for process in home.processes():
        process.kill()


@pytest.fixture
def copied(finished: Home, fresh: Home) -> Home:
    """Give a copy of what is built, with the dashboards' databases left out."""
    for part in ("cache", "store", "runs"):
        shutil.copytree(finished.path / part, fresh.path / part, symlinks=True)
    return fresh


@pytest.fixture
def alone() -> Callable[[Home], Home]:
    """Give the same folder without the shared server, so that each run starts its own."""
    return lambda home: replace(home, api="")
