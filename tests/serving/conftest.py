"""The tiny model, and what makes adapters on it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_adapters import write_adapter

from tasks.models.sources import TinyModel


@pytest.fixture(scope="session")
def base() -> Path:
    return TinyModel().folder()


@pytest.fixture(scope="session")
def make_adapter(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return what makes an adapter and gives its folder."""

    def make(seed: int, quantization: str = "none", *, dora: bool = False) -> Path:
        folder = tmp_path_factory.mktemp("adapter")
        write_adapter(folder, seed, quantization, dora=dora)
        return folder

    return make
