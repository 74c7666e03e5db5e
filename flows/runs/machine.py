"""What a run ran on, and how much memory it took: cores, processor, versions and commit.

In: the run's nodes, whose manifests name the packages that built them, and a block to watch. Out: a part of
the report, and the most memory that all processes of the block held together.
"""

import os
import platform
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

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


_INTERVAL_SECONDS = 0.5


class PeakMemory:
    """Watch this process and its descendants while the `with` block runs."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching."""
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while True:
            tree = [process, *process.children(recursive=True)]
            self.peak_bytes = max(self.peak_bytes, sum(_resident(member) for member in tree))
            if self._done.wait(_INTERVAL_SECONDS):
                return


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
