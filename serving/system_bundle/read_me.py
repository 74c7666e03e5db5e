"""The README of a system bundle: its manifest in, a page for an app's developer out."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from serving.system_bundle.base_model import LICENCE
from tasks.records.system import SystemManifest

CARD, PLAYER = "README.md", "play.py"
WHAT = (
    ("experts/*.litertlm", "an expert: weights, tokenizer and chat format, for LiteRT-LM"),
    ("base.litertlm", "the base that experts share: weights, tokenizer and chat format, for LiteRT-LM"),
    ("adapters/*.tflite", "an expert: its adapter on the base"),
    ("no_adapter.tflite", "an adapter that changes nothing, for asking the base itself"),
    ("router/README.md", "the router's format in full"),
    ("router/read_*.py", "reads the router in plain Python, to be written again in Kotlin or Swift"),
    ("router/*.onnx", "the router, or a part of it, as an ONNX graph"),
    ("router/**/*.onnx", "a part of the router as an ONNX graph"),
    ("router/**/tokenizer.json", "the tokenizer of a part of the router"),
    ("*.json", "the router, or a part of it: domains, calibration, scope, policy, weights"),
    (LICENCE, "the licence of the base model, which goes with its weights"),
    (PLAYER, "answers from this folder in plain Python; the whole of what an app has to do"),
    (CARD, "what you are reading"),
)
"""What a file is for, by the first pattern that its path matches."""


def write_card(folder: Path, manifest: SystemManifest, sizes: Mapping[str, int]) -> None:
    """Write README.md; `sizes` are the bytes of the files that stand there already."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  # Markdown, of names that are letters and digits
        keep_trailing_newline=True,
    )
    text = pages.get_template("README.md.jinja").render(
        system=manifest, sizes=sizes, runtime=version("litert-lm")
    )
    (folder / CARD).write_text(text, encoding="utf-8")
