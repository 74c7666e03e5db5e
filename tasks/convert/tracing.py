"""Trace a base model once, for all experts that are made of it.

In: `model`, a Hugging Face folder. Out: `graph.bin` and `graph.json`, the float graph without its weights: a
few megabytes that only the architecture decides. Tracing takes nine tenths of a conversion's time.
"""

import logging
import os
import tempfile
from pathlib import Path

from tasks.convert.config import GraphConfig
from tasks.convert.exchange import take_out
from tasks.convert.graph import load, trace, trace_steps
from tasks.convert.slots import values_of
from tasks.convert.steps import StepCounter
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.records.graph import REST

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: GraphConfig, work: Workspace) -> Metrics:
    """Trace, and take the weights out; return the graph's size in bytes and where its weights are."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    steps = StepCounter(work.progress, {"trace": trace_steps(config), "take weights out": 1})
    steps.begin("trace")
    with tempfile.TemporaryDirectory(dir=work.scratch) as scratch:
        source = load(inputs["model"], config, Path(scratch), steps.tick)
        contents = source.contents()
        values = values_of(contents.weights)
        tflite = trace(source, steps.tick)
        steps.begin("take weights out")
        graph = take_out(tflite, contents, values, work.out)
    steps.finish()
    size = (work.out / REST).stat().st_size
    logger.info("graph of %.1f MB for %d weights", size / 1e6, len(graph.shapes))
    if graph.fixed:
        logger.info("held in another form, so every expert must have the same: %s", ", ".join(graph.fixed))
    return {"graph_bytes": size, "slots": len(graph.slots), "fixed_weights": len(graph.fixed)}
