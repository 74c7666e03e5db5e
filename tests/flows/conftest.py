"""The smoke configuration, run once for all flow tests."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from smoke_pipeline import SMOKE, Pipeline, free_port

from flows.server import prepare_environment, start_prefect, stop
from tasks.settings import Settings


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The smoke configuration, run once with a server of its own; later runs share one, which saves time."""
    pipeline = Pipeline(tmp_path_factory.mktemp("smoke"), free_port())
    pipeline.run(SMOKE)
    settings = Settings(artifacts=pipeline.home, prefect_port=pipeline.port)
    os.environ.pop("PREFECT_HOME", None)
    prepare_environment(settings)
    server = start_prefect(settings)
    try:
        yield replace(pipeline, api=_address(pipeline.port))
    finally:
        stop(server)


def _address(port: int) -> str:
    url = f"http://127.0.0.1:{port}/api"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", timeout=2).json() is True:
                return url
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(url)
