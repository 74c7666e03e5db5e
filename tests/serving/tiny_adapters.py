"""Adapters on the tiny model, as training leaves them."""

import json
from pathlib import Path

from tasks.models.sources import TinyModel


def write_adapter(folder: Path, seed: int, quantization: str = "none", *, dora: bool = False) -> None:
    """Write an adapter whose answers differ by its seed."""
    import torch
    from peft import LoraConfig, get_peft_model

    from tasks.models.loading import load_model

    torch.manual_seed(seed)
    settings = LoraConfig(
        r=4, lora_alpha=64, target_modules=["q_proj", "up_proj"], init_lora_weights=False, use_dora=dora
    )
    get_peft_model(load_model(TinyModel().folder()), settings).save_pretrained(str(folder))
    record = {"quantization": quantization, "double_quantization": True, "compute_dtype": "float32"}
    (folder / "training.json").write_text(json.dumps(record))
