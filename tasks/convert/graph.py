"""A model's float graph, through litert-torch.

In: a Hugging Face folder. Out: a float `.tflite`. The exporter's steps are called one by one, so that weights
can be exchanged and the graph quantized between tracing and packing. Nine tenths of the time is tracing, and
it does not depend on the weights.
"""

import contextlib
import importlib
import importlib.util
import io
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TextIO

from tasks.convert.config import GraphConfig
from tasks.convert.exchange import Contents
from tasks.kernel.errors import ModelError

if TYPE_CHECKING:
    from litert_torch.generative.export_hf.core.export_lib import SourceModelArtifacts
    from litert_torch.generative.export_hf.core.exportable_module_config import ExportableModuleConfig

Tick = Callable[[], None]
MARK = "[START]"
"""What litert-torch prints when one of its steps begins."""
NO_PART = frozenset(
    {
        *("_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version", "use_cache"),
        *("bos_token_id", "eos_token_id", "pad_token_id"),
    }
)
"""Fields of `config.json` that say nothing of the graph: it is float32 whatever weights are stored in."""


@dataclass(frozen=True)
class Source:
    """A loaded model and the exporter's own records about it."""

    parts: "SourceModelArtifacts"
    settings: "ExportableModuleConfig"

    def contents(self) -> Contents:
        """Return architecture and weights, these in float32, and tied ones under each of their names."""
        config = json.loads(self.parts.model_config.to_json_string(use_diff=False))
        state = self.parts.model.state_dict()
        return Contents(
            {field: value for field, value in config.items() if field not in NO_PART},
            {name: weight.detach().float().contiguous().numpy() for name, weight in state.items()},
        )

    def forget_weights(self) -> None:
        """Give the weights' memory back."""
        self.parts.model.to("meta")


def trace_steps(config: GraphConfig) -> int:
    """Return how often `load` and `trace` tick together."""
    signatures = len(config.prefill_lengths) + 1
    return 8 + 7 * signatures


def load(model: Path, config: GraphConfig, folder: Path, tick: Tick) -> Source:
    """Load the model in `model` in float32; what the exporter writes goes to `folder`."""
    alias_schema()
    from litert_torch.generative.export_hf.core import export_lib

    settings = _settings(model, config, folder)
    with ticking(tick):
        parts = export_lib.load_model(str(model), settings)
        if not parts.tokenizer.chat_template:
            raise ModelError(f"{model}: its tokenizer has no chat template; add chat_template.jinja")
        return Source(parts, export_lib.update_export_config(settings, parts))


def trace(source: Source, tick: Tick) -> Path:
    """Trace the model for every prompt length and one decode step; return the `.tflite`."""
    from litert_torch.generative.export_hf.core import export_lib

    artifacts = export_lib.ExportedModelArtifacts()
    with ticking(tick):
        artifacts = export_lib.export_text_prefill_decode_model(source.parts, source.settings, artifacts)
    return Path(artifacts.prefill_decode_model_path)


def _settings(model: Path, config: GraphConfig, folder: Path) -> "ExportableModuleConfig":
    from litert_torch.generative.export_hf.core.exportable_module_config import ExportableModuleConfig

    return ExportableModuleConfig(
        model=str(model),
        output_dir=str(folder),
        work_dir=str(folder),
        prefill_lengths=list(config.prefill_lengths),
        cache_length=config.cache_length,
        quantization_recipe=None,
        # Keeps big constants out of the compiler: a third less memory, a fifth less time, equal graphs.
        experimental_lightweight_conversion=True,
    )


@contextlib.contextmanager
def ticking(tick: Tick) -> Iterator[None]:
    """Tick meanwhile, once for each step that litert-torch announces."""
    with contextlib.redirect_stdout(_Ticker(sys.stdout, tick)), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


class _Ticker(io.TextIOBase):
    """Pass text on and tick once for each step that it announces."""

    def __init__(self, stream: TextIO, tick: Tick) -> None:
        super().__init__()
        self._stream, self._tick = stream, tick

    def write(self, text: str) -> int:
        for _ in range(text.count(MARK)):
            self._tick()
        return self._stream.write(text)


SCHEMA = "schema_py_generated"
PARENTS = ("tensorflow", "tensorflow.lite", "tensorflow.lite.python")


def alias_schema() -> None:
    """Register the schema under TensorFlow's name, unless TensorFlow itself is installed."""
    if "tensorflow" in sys.modules or importlib.util.find_spec("tensorflow"):
        return
    for name in PARENTS:
        module = ModuleType(name)
        # torch._dynamo asks every loaded module for its spec.
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__path__ = []
        sys.modules[name] = module
    sys.modules[f"{PARENTS[-1]}.{SCHEMA}"] = importlib.import_module(f"ai_edge_litert.{SCHEMA}")
