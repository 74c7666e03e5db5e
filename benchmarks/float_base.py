"""A shared base in float32, which no product stage makes: there the runtime must say what the adapter says.

A stage module for the converter's environment. In: `base`, a Hugging Face folder. Out: a bundle whose layers
take an adapter, with nothing rounded.
"""

import os
import tempfile
from pathlib import Path

from tasks.convert.config import ConvertConfig
from tasks.convert.graph import load
from tasks.convert.packing import pack
from tasks.convert.run import size_report
from tasks.convert.shared.base import trace_adapted
from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.records.edge import write_breakdown, write_sizes
from tasks.records.shared import write_adapter_inputs


def run(inputs: Inputs, config: ConvertConfig, work: Workspace) -> Metrics:
    """Trace and pack."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory(dir=work.scratch) as scratch:
        source = load(inputs["base"], config.graph(), Path(scratch), _no_tick)
        tflite = Path(scratch) / "float.tflite"
        taken = trace_adapted(source, config.shared, tflite, _no_tick)
        source.forget_weights()
        sizes = size_report(inputs["base"], tflite, tflite, pack(source, tflite, work.out))
    # An adapter's stage adds its own to these accounts.
    write_sizes(work.out, sizes)
    write_breakdown(work.out, [])
    write_adapter_inputs(work.out, taken)
    return sizes.known()


def _no_tick() -> None:
    """Progress is of no interest here."""
