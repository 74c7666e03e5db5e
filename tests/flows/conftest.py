"""The smoke configuration, run once for all flow tests."""

import pytest
from smoke_pipeline import SMOKE, Pipeline, free_port


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The smoke configuration, run once."""
    pipeline = Pipeline(tmp_path_factory.mktemp("smoke"), free_port())
    pipeline.run(SMOKE)
    return pipeline
