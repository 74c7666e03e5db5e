"""A tiny base model and a domain small enough to learn in a few seconds."""

from pathlib import Path

import pytest
from small_training import MakeWorkspace, workspaces, write_numbers

from tasks.models.sources import TinyModel


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.models.tiny import save_tiny_model

    folder = tmp_path_factory.mktemp("base")
    save_tiny_model(folder, TinyModel())
    return folder


@pytest.fixture(scope="session")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_numbers(tmp_path_factory.mktemp("domain"), {"train": range(12), "validation": range(12, 16)})


@pytest.fixture
def workspace(tmp_path: Path) -> MakeWorkspace:
    return workspaces(tmp_path)
