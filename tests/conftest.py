"""What tests of several folders share: a Prefect server, and folders that are made once for all workers."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from filelock import FileLock

from flows.server.local import prepare_environment, started, stop
from tasks.kernel.settings import Settings

_WHOLE_FILE = re.compile(r"^pytestmark = \[?pytest\.mark\.(\w+)", re.MULTILINE)
MadeOnce = Callable[[str, Callable[[Path], object]], Path]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file whose every test is deselected: importing torch takes longer than many tests."""
    if collection_path.suffix != ".py" or not (mark := _WHOLE_FILE.search(collection_path.read_text())):
        return None
    return f"not {mark[1]}" in config.option.markexpr or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest or that others wait for, and end with those that wait."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.path.name in {"test_flow.py", "test_service.py"}:
        return 0
    return 2 if "finished_smoke" in getattr(item, "fixturenames", ()) else 1


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Return what lets the first worker that needs a folder make it, and gives its place to all of them."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                folder.mkdir()  # a second attempt fails here at once
                make(folder)
                done.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def prefect_server() -> Callable[[Settings], AbstractContextManager[str]]:
    """Return what serves Prefect below the settings' artifacts and gives its address."""

    @contextmanager
    def serve(settings: Settings) -> Iterator[str]:
        with patch.dict(os.environ):
            os.environ.pop("PREFECT_HOME", None)
            prepare_environment(settings)
            server = started(settings)
        try:
            yield server.api
        finally:
            stop(server.process)

    return serve


@pytest.fixture(scope="session")
def common_api(
    prefect_server: Callable[[Settings], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Give the address of one Prefect server for all flows of a worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with prefect_server(Settings(artifacts=tmp_path_factory.mktemp("server"), prefect_port=port)) as api:
        yield api
