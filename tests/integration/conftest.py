"""The compose file's services on this machine, with the smoke configuration deployed to their worker."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from native import Stack
from runs import Retrain


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """All services, healthy; they are ended even where a test fails."""
    with tempfile.TemporaryDirectory(prefix="pocketmoe-") as folder:
        root = Path(folder)
        root.chmod(0o711)  # the user of the databases has to get through
        stack = Stack(root)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


@pytest.fixture(scope="session")
def retrain(stack: Stack) -> Retrain:
    """The smoke configuration as a deployment, run once by the worker."""
    stack.run("setup")
    stack.run("deploy", "configs/smoke.yaml", "--incremental", "--no-scheduled")
    retrain = Retrain(stack)
    retrain.run()
    return retrain
