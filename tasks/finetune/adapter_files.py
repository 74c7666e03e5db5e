"""The adapter's folder: PEFT's own files, and what a later stage must know to use them.

In: a trained PEFT model and the run's record. Out: `adapter_model.safetensors`,
`adapter_config.json` and `training.json`, byte-identical for identical training.
"""

import json
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import save_file

from tasks.records import write_json


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Write the adapter without paths, dates or model cards.

    The factors are stored in bfloat16, like the merged weights later; DoRA's magnitudes, whose
    changes are too small for that, in float32.
    """
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    tensors = {name: _stored(name, state[name]) for name in sorted(state)}
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    model.peft_config["default"].save_pretrained(str(folder))
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = None
    settings["target_modules"] = sorted(settings["target_modules"])
    settings["inference_mode"] = True
    write_json(folder / "adapter_config.json", settings)


def _stored(name: str, tensor: torch.Tensor) -> torch.Tensor:
    dtype = torch.float32 if "magnitude" in name else torch.bfloat16
    return tensor.detach().to("cpu", dtype).contiguous()
