"""One way to start a Prefect server for tests, which leaves the environment as it was."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

import pytest

from flows.server.local import prepare_environment, started, stop
from tasks.kernel.settings import Settings


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
            yield f"http://127.0.0.1:{settings.prefect_port}/api"
        finally:
            stop(server)

    return serve
