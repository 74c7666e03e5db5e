"""Merged model to float graph, through litert-torch.

In: a Hugging Face folder. Out: a float `.tflite` and what packing needs besides. The
exporter's steps are called one by one, so that the graph can be quantized between tracing
and packing. Nine tenths of the time is tracing, and it does not depend on the weights.
"""

import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tasks.convert.config import ConvertConfig
from tasks.kernel.errors import ModelError

if TYPE_CHECKING:
    from litert_torch.generative.export_hf.core.export_lib import (
        ExportedModelArtifacts,
        SourceModelArtifacts,
    )
    from litert_torch.generative.export_hf.core.exportable_module_config import ExportableModuleConfig
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litert_lm_builder.runtime.proto.llm_metadata_pb2 import LlmMetadata
import importlib
import importlib.util
from importlib.machinery import ModuleSpec
from types import ModuleType

Tick = Callable[[], None]
MARK = "[START]"
"""What litert-torch prints when one of its steps begins."""


@dataclass(frozen=True)
class FloatGraph:
    """A traced model and the exporter's own records about it."""

    tflite: Path
    source: "SourceModelArtifacts"
    settings: "ExportableModuleConfig"
    artifacts: "ExportedModelArtifacts"


def trace_steps(config: ConvertConfig) -> int:
    """Return how often `trace` ticks."""
    signatures = len(config.prefill_lengths) + 1
    return 8 + 7 * signatures


def trace(merged: Path, config: ConvertConfig, folder: Path, tick: Tick) -> FloatGraph:
    """Trace the model in `merged` for every prompt length and one decode step, in float32."""
    alias_schema()
    from litert_torch.generative.export_hf.core import export_lib

    settings = export_settings(merged, config, folder)
    with ticking(tick), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        source = export_lib.load_model(str(merged), settings)
        if not source.tokenizer.chat_template:
            raise ModelError(f"{merged}: its tokenizer has no chat template; add chat_template.jinja")
        settings = export_lib.update_export_config(settings, source)
        artifacts = export_lib.ExportedModelArtifacts()
        artifacts = export_lib.export_text_prefill_decode_model(source, settings, artifacts)
        artifacts = export_lib.export_tokenizer(source, settings, artifacts)
    source.model.to("meta")
    return FloatGraph(Path(artifacts.prefill_decode_model_path), source, settings, artifacts)


def pack(graph: FloatGraph, tflite: Path, folder: Path) -> Path:
    """Write `tflite` with the graph's tokenizer and chat template to `folder`/model.litertlm."""
    from litert_torch.generative.export_hf.core import litert_lm_builder

    tokenizer = graph.source.tokenizer
    metadata = litert_lm_builder.build_llm_metadata(
        graph.source, graph.settings, tokenizer.chat_template, graph.artifacts
    )
    settle_turns(metadata, tokenizer.eos_token_id)
    file = Path(graph.settings.work_dir) / "llm_metadata.pb"
    file.write_bytes(metadata.SerializeToString(deterministic=True))
    settings = replace(graph.settings, output_dir=str(folder), litert_lm_llm_metadata_override=str(file))
    artifacts = replace(graph.artifacts, prefill_decode_model_path=str(tflite))
    packed = litert_lm_builder.package_model(graph.source, settings, artifacts)
    return Path(packed.litert_lm_model_path)


def export_settings(merged: Path, config: ConvertConfig, folder: Path) -> "ExportableModuleConfig":
    """Return how to export the model in `merged`; whatever is written goes to `folder`."""
    from litert_torch.generative.export_hf.core.exportable_module_config import ExportableModuleConfig

    return ExportableModuleConfig(
        model=str(merged),
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
    with contextlib.redirect_stdout(_Ticker(sys.stdout, tick)):
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


def settle_turns(metadata: "LlmMetadata", end_of_turn: int | None) -> None:
    """Name each stop token once and by id, and no start token that the template has in its text."""
    ids = {number for token in metadata.stop_tokens for number in token.token_ids.ids}
    if end_of_turn is not None:
        ids.add(end_of_turn)
    metadata.ClearField("stop_tokens")
    for number in sorted(ids):
        metadata.stop_tokens.add().token_ids.ids.append(number)
    start = metadata.start_token.token_str
    if start and start in metadata.jinja_prompt_template:
        metadata.ClearField("start_token")


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
