"""A tiny shared base and adapters for it, from the converter's environment."""

import subprocess
from pathlib import Path

from tiny_bundle import CONVERTER, PROJECT, save_wild

from tasks.models.sources import TinyModel

SEVEN = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ADAPTERS = {"all": SEVEN, "attention": SEVEN[:4], "mlp": SEVEN[4:]}
SCRIPT = """
import sys
from pathlib import Path
from tasks.convert.config import ConvertConfig
from tasks.convert.graph import load
from tasks.convert.packing import pack
from tasks.convert.shared import adapter, base
from tasks.kernel.workspace import Workspace, silent
root, form = Path(sys.argv[1]), sys.argv[2]
config = ConvertConfig(cache_length=256, prefill_lengths=(16,))
edge = root / form
edge.mkdir()
if form == "int4":
    base.run({"base": root / "base"}, config, Workspace(edge, root, silent))
else:
    source = load(root / "base", config.graph(), edge, lambda: None)
    floating = edge / "float.tflite"
    taken = base.trace_adapted(source, config.shared, floating, lambda: None)
    bundle = pack(source, floating, edge)
    base.write_adapter_inputs(edge, taken)
    base.write_breakdown(edge, [])
    base.write_sizes(edge, base.size_report(root / "base", floating, floating, bundle))
for folder in sorted((root / "adapters").iterdir()):
    out = edge / folder.name
    out.mkdir()
    adapter.run({"base": edge, "adapter": folder}, config.shared, Workspace(out, root, silent))
"""


def make_shared(root: Path) -> None:
    """Write weights to `base`, PEFT's adapters to `adapters`, and what the stage makes of them to `int4`."""
    save_trained(root)
    convert_shared(root, "int4")


def save_trained(root: Path) -> None:
    """Write a base, and on it an adapter of rank 4 for each choice of layers."""
    import torch
    from peft import LoraConfig, get_peft_model

    from tasks.models.loading import load_model

    (root / "base").mkdir()
    save_wild(root / "base", TinyModel())
    for name, targets in ADAPTERS.items():
        torch.manual_seed(len(name))
        settings = LoraConfig(r=4, lora_alpha=64, target_modules=list(targets), init_lora_weights=False)
        get_peft_model(load_model(root / "base"), settings).save_pretrained(str(root / "adapters" / name))


def convert_shared(root: Path, form: str) -> Path:
    """Convert base and adapters to `int4`, as the stage does, or to `float`; return the folder."""
    command = [CONVERTER, "-c", SCRIPT, root, form]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return root / form
