"""Merged model to a bundle that LiteRT-LM runs on a phone.

In: `merged`, a Hugging Face folder, `graph`, the float graph of its architecture, and `recipe` where one was
searched. Out: `model.litertlm`, `sizes.json` and `breakdown.json`, and `model.task` where it is asked for.
Only bundles ship: the graphs in between are measured and removed.
"""

import logging
import os
import tempfile
from pathlib import Path

from tasks.convert.breakdown import breakdown
from tasks.convert.bundle_file import settle_identity
from tasks.convert.config import ConvertConfig
from tasks.convert.exchange import put_in
from tasks.convert.graph import load
from tasks.convert.mediapipe.form import prepare
from tasks.convert.packing import pack
from tasks.convert.quantize import kept_apart, quantize
from tasks.convert.slim import without_names
from tasks.convert.steps import StepCounter
from tasks.kernel.errors import UnsupportedError
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.models.bundle_trial import try_bundle
from tasks.models.int4 import block_size
from tasks.records.edge import SIZES, Sizes, read_sizes, write_breakdown, write_sizes

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: ConvertConfig, work: Workspace) -> Metrics:
    """Fill the graph with the weights, quantize, pack, measure and try; return sizes in bytes, and speeds."""
    if refusals := config.refusals():
        raise UnsupportedError("; ".join(refusals))
    os.environ["HF_HUB_OFFLINE"] = "1"
    merged = inputs["merged"]
    recipe = config.recipe(inputs)
    size = block_size(merged, recipe)
    logger.info("blocks of %d weights share a scale", size)
    task = prepare(inputs) if "task" in config.formats else None
    steps = StepCounter(work.progress, {"fill": 2, "quantize": 3, "pack": 1, "measure": 1, "try": 1})

    steps.begin("fill")
    with tempfile.TemporaryDirectory(dir=work.scratch) as scratch:
        source = load(merged, config.graph(), Path(scratch), steps.tick)
        floating, named, int4 = (Path(scratch) / f"{name}.tflite" for name in ("float", "named", "int4"))
        contents = source.contents()
        apart = kept_apart(recipe, contents.weights)
        put_in(inputs["graph"], contents, floating, merged)
        del contents
        source.forget_weights()
        steps.begin("quantize")
        quantize(floating, named, recipe, size, apart)
        without_names(named, int4)
        steps.begin("pack")
        bundle = pack(source, int4, work.out)
        settle_identity(bundle)
        if task:
            task.write(int4, bundle, work.out, Path(scratch))
        steps.begin("measure")
        # Which part of the model a tensor serves is known by its name alone.
        write_breakdown(work.out, breakdown(bundle, named))
        sizes = size_report(merged, floating, int4, bundle)
        steps.begin("try")
        speeds = try_bundle(bundle, source.parts.tokenizer)
    write_sizes(work.out, sizes)
    steps.finish()
    found = sizes.known()
    logger.info("bundle %.1f MB, %.0f %% smaller", found["bundle"] / 1e6, 100 * found["reduction_vs_bf16"])
    return {**found, "block_size": float(size), **speeds}


def size_report(merged: Path, float_tflite: Path, int4_tflite: Path, bundle: Path) -> Sizes:
    """Return bytes at each step, and which share of them the bundle saves."""
    before = weights_bf16(merged)
    sizes = [file.stat().st_size for file in (float_tflite, int4_tflite, bundle)]
    return Sizes(
        merged_bf16=before,
        float_tflite=sizes[0],
        int4_tflite=sizes[1],
        bundle=sizes[2],
        reduction_vs_bf16=round(1 - sizes[2] / before, 4),
        reduction_vs_float=round(1 - sizes[1] / sizes[0], 4),
    )


def weights_bf16(merged: Path) -> int:
    """Return the bytes of the weights as merging wrote them: healed ones have other types."""
    noted = read_sizes(merged).merged_bf16 if (merged / SIZES).is_file() else None
    return noted or sum(file.stat().st_size for file in merged.glob("*.safetensors"))
