"""A tiny base, and adapters with random updates that were "trained" on it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.models.sources import TinyModel
from tasks.records.files import write_json

MakeAdapter = Callable[..., Path]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.models.tiny import save_tiny_model

    folder = tmp_path_factory.mktemp("base")
    save_tiny_model(folder, TinyModel(hidden_size=128))
    return folder


@pytest.fixture
def make_adapter(tmp_path: Path, base: Path) -> MakeAdapter:
    import torch
    from peft import LoraConfig, get_peft_model

    from tasks.models.loading import base_identity, load_model

    def make(quantization: str = "nf4", compute_dtype: str = "float32", *, dora: bool = False) -> Path:
        torch.manual_seed(0)
        # Random updates instead of the usual zeros: a merge that forgets them must not pass.
        settings = LoraConfig(
            r=4, target_modules=["q_proj", "down_proj"], use_dora=dora, init_lora_weights=False
        )
        folder = tmp_path / "adapter"
        get_peft_model(load_model(base), settings).save_pretrained(str(folder))
        record = {"base": base_identity(base), "quantization": quantization}
        write_json(
            folder / "training.json", {**record, "double_quantization": True, "compute_dtype": compute_dtype}
        )
        return folder

    return make
