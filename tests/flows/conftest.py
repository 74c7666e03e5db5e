"""The smoke configuration, run once for all flow tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from smoke_pipeline import SMOKE, Pipeline, free_port

from tasks.kernel.settings import Settings


@pytest.fixture(scope="session")
def smoke(
    prefect_server: Callable[[Settings], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pipeline]:
    """The smoke configuration, run once with a server of its own; later runs share one, which saves time."""
    pipeline = Pipeline(tmp_path_factory.mktemp("smoke"), free_port())
    pipeline.run(SMOKE)
    with prefect_server(Settings(artifacts=pipeline.home, prefect_port=pipeline.port)) as api:
        yield replace(pipeline, api=api)
