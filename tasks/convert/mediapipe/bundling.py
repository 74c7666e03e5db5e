"""Pack a `.task` with MediaPipe's own bundler: run as a module in the environment that has it.

In: a request on standard input. Out: the file. MediaPipe's package imports its vision tasks, OpenCV, torch
and JAX before its bundler, which needs none of them: so its modules are imported without what their
packages import first, and three small distributions are all that has to be installed.
"""

import importlib.util
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tasks.convert.mediapipe.parameters import PromptFormat, without_start

if TYPE_CHECKING:
    from mediapipe.tasks.python.genai.bundler.llm_bundler import BundleConfig

_PACKAGES = (
    "mediapipe",
    *("mediapipe.tasks", "mediapipe.tasks.python", "mediapipe.tasks.python.genai"),
    *("mediapipe.tasks.python.genai.bundler", "mediapipe.tasks.python.genai.converter"),
)
_UNUSED: dict[str, tuple[str, ...]] = {"torch": (), "jax": ("lax", "numpy")}
"""What the bundler imports for its neighbours, and what it takes from there."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that an archive knows: equal contents must give equal bytes."""


def main() -> None:
    """Do what the request says."""
    request = json.load(sys.stdin)
    bundle(
        Path(request["tflite"]),
        Path(request["tokenizer"]),
        PromptFormat.from_json(request["format"]),
        Path(request["target"]),
    )


def bundle(tflite: Path, tokenizer: Path, form: PromptFormat, target: Path) -> None:
    """Write `target`, whose bytes follow from what is in it alone."""
    import_without_packages()
    from mediapipe.tasks.python.genai.bundler import llm_bundler
    from mediapipe.tasks.python.metadata.metadata_writers.model_asset_bundle_utils import AlignZipFile

    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "made.task"
        llm_bundler.create_bundle(_described(llm_bundler.BundleConfig, tflite, tokenizer, form, made))
        with zipfile.ZipFile(made) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
    if not form.start_token:
        contents["METADATA"] = without_start(contents["METADATA"])
    with AlignZipFile(target, mode="w", alignment=4) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)


def load_library() -> None:
    """Load what the bundler calls; raise OSError that names a library of the system which is missing."""
    import_without_packages()
    from mediapipe.tasks.python.core import mediapipe_c_bindings

    mediapipe_c_bindings.load_raw_library()


def import_without_packages() -> None:
    """Let MediaPipe's modules be imported without what their packages import first."""
    found = importlib.util.find_spec("mediapipe")
    if found is None or found.origin is None:
        raise ImportError(f"{sys.prefix} has no mediapipe; run `make task-tools`")
    root = Path(found.origin).parents[1]
    for name in _PACKAGES:
        module = ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = module
    for name, taken in _UNUSED.items():
        module = ModuleType(name)
        vars(module).update(dict.fromkeys(taken))
        sys.modules[name] = module


def _described(
    kind: "type[BundleConfig]", tflite: Path, tokenizer: Path, form: PromptFormat, made: Path
) -> "BundleConfig":
    return kind(
        tflite_model=str(tflite),
        tokenizer_model=str(tokenizer),
        start_token=form.start_token,
        stop_tokens=list(form.stop_tokens),
        output_filename=str(made),
        system_prompt=form.opening or None,
        prompt_prefix_user=form.user.prefix,
        prompt_suffix_user=form.user.suffix,
        prompt_prefix_model=form.model.prefix,
        prompt_suffix_model=form.model.suffix,
    )


if __name__ == "__main__":
    main()
