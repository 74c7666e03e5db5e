"""Base model -> EdgeBase: an INT4 bundle whose layers take an adapter as inputs.

In: `base`, a Hugging Face folder, healed or not, and `recipe` where one was searched. Out:
`model.litertlm`, the names of its inputs, an adapter that changes nothing, and the accounts of bytes.
Converted once for all experts; a new one costs its adapter.
"""

import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from tasks.convert.breakdown import breakdown
from tasks.convert.bundle_file import settle_identity
from tasks.convert.config import ConvertConfig, SharedForm
from tasks.convert.graph import Source, Tick, load, ticking, trace_steps
from tasks.convert.packing import pack
from tasks.convert.quantize import kept_apart, quantize
from tasks.convert.run import size_report
from tasks.convert.shared.adapter_file import write_adapter_file
from tasks.convert.shared.projections import PREFIX, adapt
from tasks.convert.slim import without_names
from tasks.convert.steps import StepCounter
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.models.bundle_trial import try_bundle
from tasks.models.int4 import block_size
from tasks.records.edge import write_breakdown, write_sizes
from tasks.records.shared import NO_ADAPTER, AdapterInputs, write_adapter_inputs

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: ConvertConfig, work: Workspace) -> Metrics:
    """Trace with adapter inputs, quantize, pack, measure and try; return sizes in bytes, and speeds."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    base = inputs["base"]
    recipe = config.recipe(inputs)
    size = block_size(base, recipe)
    lengths = {"trace": trace_steps(config.graph()), "quantize": 3, "pack": 1, "measure": 1, "try": 1}
    steps = StepCounter(work.progress, lengths)
    steps.begin("trace")
    with tempfile.TemporaryDirectory(dir=work.scratch) as scratch:
        floating, named, int4 = (Path(scratch) / f"{name}.tflite" for name in ("float", "named", "int4"))
        source = load(base, config.graph(), Path(scratch), steps.tick)
        apart = kept_apart(recipe, source.contents().weights)
        taken = trace_adapted(source, config.shared, floating, steps.tick)
        source.forget_weights()
        steps.begin("quantize")
        quantize(floating, named, recipe, size, apart)
        without_names(named, int4)
        steps.begin("pack")
        bundle = pack(source, int4, work.out)
        settle_identity(bundle)
        steps.begin("measure")
        # Which part of the model a tensor serves is known by its name alone.
        write_breakdown(work.out, breakdown(bundle, named))
        sizes = size_report(base, floating, int4, bundle)
        steps.begin("try")
        write_adapter_file(work.out / NO_ADAPTER, {}, taken.rank)
        speeds = try_bundle(bundle, source.parts.tokenizer, work.out / NO_ADAPTER)
    write_sizes(work.out, sizes)
    write_adapter_inputs(work.out, taken)
    steps.finish()
    logger.info("shared base %.1f MB, for adapters of rank %d", sizes.known()["bundle"] / 1e6, taken.rank)
    return {**sizes.known(), "block_size": float(size), **speeds}


def trace_adapted(source: Source, config: SharedForm, tflite: Path, tick: Tick) -> AdapterInputs:
    """Trace the model with inputs for an adapter, in float32, and return how they are called."""
    taken = adapt(source.parts.model, config.rank, config.dtype)
    with ticking(tick):
        _export(source, taken, tflite)
    return taken


def _export(source: Source, taken: AdapterInputs, tflite: Path) -> None:
    """Write the graph: what litert-torch's own export does, with modules that take an adapter."""
    from litert_torch._convert.interface import Converter
    from litert_torch.generative.export_hf.core import export_lib
    from litert_torch.generative.export_hf.core.mu import mu_pass_lib
    from litert_torch.generative.export_hf.model_ext import patches

    parts, settings = source.parts, source.settings
    model, described = parts.model, parts.text_model_config
    converter = Converter()
    with patches.patch_model(model, described.model_type, settings):
        model.set_attn_implementation("lrt_transposed_attention")
        for kind in export_lib.get_prefill_decode_exportable_cls(parts.model_config, settings):
            module = kind(model, settings, parts)
            for name, (inputs, _) in module.get_sample_inputs(described).items():
                fed = Fed(module, taken)
                converter.add_signature(name, fed.eval(), sample_kwargs={**inputs, "lora": fed.nothing()})
        with export_lib.patch_builtin_tuple_for_export():
            converted = converter.convert(lightweight_conversion=True, strict_export=False)
    mu_pass_lib.update_model(converted).export(str(tflite))


class Fed(torch.nn.Module):
    """A module of the exporter, whose updates are an argument."""

    def __init__(self, module: torch.nn.Module, taken: AdapterInputs) -> None:
        super().__init__()
        self.module = module
        self._buffers_of = {
            getattr(one, side).removeprefix(PREFIX): f"model.{one.module}.{side}"
            for one in taken.projections
            for side in ("a", "b", "scale")
        }

    def nothing(self) -> dict[str, torch.Tensor]:
        """Return an update that changes nothing."""
        return {name: self.module.get_buffer(path).clone() for name, path in self._buffers_of.items()}

    def forward(  # noqa: D102
        self,
        tokens: torch.Tensor,
        input_pos: torch.Tensor,
        kv_cache: object,
        mask: torch.Tensor,
        lora: dict[str, torch.Tensor],
    ) -> Any:
        updates = {path: lora[name] for name, path in self._buffers_of.items()}
        given = {"tokens": tokens, "input_pos": input_pos, "kv_cache": kv_cache, "mask": mask}
        return torch.func.functional_call(self.module, updates, kwargs=given)
