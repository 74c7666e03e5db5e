"""A tiny base, text for it, a domain, and an expert whose update is a fraction of a step of the grid."""

import json
from pathlib import Path

import pytest
from small_training import MakeWorkspace, workspaces, write_numbers

from tasks.models.sources import TinyModel
from tasks.records.edge import Sizes, write_sizes


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
    return write_numbers(tmp_path_factory.mktemp("domain"), {"train": range(24), "validation": range(24, 32)})


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
    return workspaces(tmp_path)
