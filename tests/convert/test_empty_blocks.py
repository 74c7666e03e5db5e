"""Blocks of zeros: the runtime refuses scales of zero, so that each gets another, which changes no weight."""

import subprocess
from pathlib import Path

import pytest
from tiny_bundle import CONVERTER, PROJECT

from tasks.models.sources import TinyModel

pytestmark = pytest.mark.models

SCRIPT = """
import sys
from pathlib import Path
from tasks.convert import run, tracing
from tasks.convert.config import ConvertConfig
from tasks.kernel.workspace import Workspace, silent
root = Path(sys.argv[1])
config = ConvertConfig.model_validate(
    {"cache_length": 256, "prefill_lengths": (16,), "quantization": {"head": "int4", "embedding": "int4"}}
)
tracing.run({"model": root / "model"}, config.graph(), Workspace(root / "graph", root, silent))
inputs = {"merged": root / "model", "graph": root / "graph"}
run.run(inputs, config, Workspace(root / "out", root, silent))
"""


def test_a_model_with_rows_of_zeros_becomes_a_bundle_that_answers(tmp_path: Path) -> None:
    import torch

    from tasks.models.loading import load_model, load_tokenizer

    for name in ("model", "graph", "out"):
        (tmp_path / name).mkdir()
    source = TinyModel().folder()
    model = load_model(source)
    with torch.no_grad():
        model.get_parameter("model.embed_tokens.weight")[5:9] = 0
        model.get_parameter("model.layers.0.mlp.up_proj.weight")[3] = 0
    model.save_pretrained(tmp_path / "model")
    load_tokenizer(source).save_pretrained(tmp_path / "model")
    # The stage itself has the bundle answer.
    done = subprocess.run(
        [CONVERTER, "-c", SCRIPT, tmp_path], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
