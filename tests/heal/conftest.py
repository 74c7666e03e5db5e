"""A tiny base, text for it, a domain, and an expert whose update is a fraction of a step of the grid."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.kernel.workspace import Progress, Workspace, silent
from tasks.models.sources import TinyModel
from tasks.records.dataset import Example
from tasks.records.edge import Sizes, write_sizes
from tasks.records.files import write_records

MakeWorkspace = Callable[..., Workspace]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with larger weights than usual, so that rounding them makes a difference."""
    import torch

    from tasks.models.loading import load_model
    from tasks.models.tiny import save_tiny_model

    folder = tmp_path_factory.mktemp("base")
    save_tiny_model(folder, TinyModel())
    model = load_model(folder)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(4)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("text") / "said.jsonl"
    rows = ({"question": f"What is {n} and {n}?", "answer": f"It is {2 * n}."} for n in range(40))
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


@pytest.fixture(scope="session")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("domain")
    for split, numbers in {"train": range(24), "validation": range(24, 32)}.items():
        examples = (
            Example(id=str(n), question=f"What is {n}?", answer=f"It is the number {n}.", teacher="test")
            for n in numbers
        )
        write_records(folder / f"{split}.jsonl", examples)
    return folder


@pytest.fixture(scope="session")
def expert(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A merged expert: the base with an update of every matrix of its body, in bfloat16."""
    import torch

    from tasks.models.loading import load_model, load_tokenizer

    folder = tmp_path_factory.mktemp("expert")
    torch.manual_seed(1)
    model = load_model(base)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".layers." in name and weight.ndim == 2:
                weight.add_(0.05 * weight.std() * torch.randn_like(weight))
    model.to(torch.bfloat16).save_pretrained(folder)
    load_tokenizer(base).save_pretrained(folder)
    write_sizes(folder, Sizes(adapter=1, merged_bf16=2))
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> MakeWorkspace:
    def make(name: str = "run", progress: Progress = silent) -> Workspace:
        folders = tmp_path / name / "out", tmp_path / name / "scratch"
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        return Workspace(*folders, progress)

    return make
