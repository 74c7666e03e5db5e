"""Tiny models that have something to say, and the INT4 bundle of one, from the converter's environment."""

import subprocess
from pathlib import Path

from tasks.models.sources import TinyModel

PROJECT = Path(__file__).parents[1]
CONVERTER = PROJECT / ".venv-convert" / "bin" / "python"
CONTEXT = 2048
CONVERT = f"""
import sys
from pathlib import Path
from tasks.convert import run, tracing
from tasks.convert.config import ConvertConfig
from tasks.kernel.workspace import Workspace, silent
merged, graph, out, scratch = map(Path, sys.argv[1:])
config = ConvertConfig(cache_length={CONTEXT})
tracing.run({{"model": merged}}, config.graph(), Workspace(graph, scratch, silent))
run.run({{"merged": merged, "graph": graph}}, config, Workspace(out, scratch, silent))
"""


def convert_tiny(root: Path) -> None:
    """Write the model to `merged` and its bundle, with nothing beside it, to `edge`; both below `root`."""
    assert CONVERTER.is_file(), f"{CONVERTER}: no such interpreter; run `make install`"
    for name in ("merged", "graph", "out", "scratch", "edge"):
        (root / name).mkdir()
    save_wild(root / "merged", TinyModel())
    command = [CONVERTER, "-c", CONVERT, *(root / name for name in ("merged", "graph", "out", "scratch"))]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (root / "out" / "model.litertlm").rename(root / "edge" / "model.litertlm")


def save_wild(folder: Path, source: TinyModel) -> None:
    """Save a tiny model with larger weights and a head of its own: as made, it repeats its last token."""
    import torch

    from tasks.models.loading import load_model, load_tokenizer

    model = load_model(source.folder(), tie_word_embeddings=False)
    torch.manual_seed(source.seed)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.normal_(std=0.3)
    model.save_pretrained(folder)
    load_tokenizer(source.folder()).save_pretrained(folder)
