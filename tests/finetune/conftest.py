"""A tiny base model and a domain small enough to learn in a few seconds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.kernel.workspace import Progress, Workspace, silent
from tasks.models.sources import TinyModel
from tasks.records.dataset import Example
from tasks.records.files import write_records

MakeWorkspace = Callable[..., Workspace]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.models.tiny import save_tiny_model

    folder = tmp_path_factory.mktemp("base")
    save_tiny_model(folder, TinyModel())
    return folder


@pytest.fixture(scope="session")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("domain")
    for split, numbers in {"train": range(12), "validation": range(12, 16)}.items():
        examples = (
            Example(id=str(n), question=f"What is {n}?", answer=f"It is the number {n}.", teacher="test")
            for n in numbers
        )
        write_records(folder / f"{split}.jsonl", examples)
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> MakeWorkspace:
    def make(name: str = "run", progress: Progress = silent) -> Workspace:
        folders = tmp_path / name / "out", tmp_path / name / "scratch"
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        return Workspace(*folders, progress)

    return make
