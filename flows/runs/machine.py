"""What a run ran on: cores, memory, processor, versions and commit.

In: the run's nodes, whose manifests name the packages that built them. Out: a part of the report.
"""

import os
import platform
from collections.abc import Mapping

import psutil

from flows.report.schema import Environment
from flows.runs.outcome import Outcome
from tasks.kernel.storage.store import Store

_SHOWN = (
    "torch",
    "transformers",
    "peft",
    "trl",
    "bitsandbytes",
    "litert-torch",
    "ai-edge-quantizer",
    "litert-lm-api",
)


def environment(nodes: Mapping[str, Outcome], store: Store) -> Environment:
    """Return the machine, and the versions of the libraries that made the artifacts."""
    manifests = [store.manifest(node.artifact) for node in nodes.values() if node.artifact is not None]
    packages = {name: version for manifest in manifests for name, version in manifest.packages.items()}
    return Environment(
        cores=os.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
        machine=f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        versions={name: packages[name] for name in _SHOWN if name in packages},
        git_commit=manifests[-1].git_commit if manifests else "",
    )
