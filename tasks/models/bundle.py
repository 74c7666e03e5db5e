"""Open a bundle in LiteRT-LM, the runtime that phones have.

In: a `.litertlm` file and where the runtime may keep its packed weights. Out: an open engine, the room that
its context leaves for an answer, and sampler settings. Whoever asks a bundle goes through here, because the
runtime checks little: it runs over its context into memory that is not its own.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from litert_lm import Backend, Engine, LogSeverity, LoraConfig, ModelInfo, SamplerConfig, set_min_log_severity

from tasks.kernel.errors import ModelError

SPARE = 8
"""Tokens left free at the end of the context: the runtime corrupts its memory when it runs over."""
_CANDIDATES = 1024
"""Most probable tokens that are drawn from: without a number, the runtime draws from one."""


class Bundle:
    """An open bundle: several conversations may run in its engine at once, until it is closed."""

    def __init__(
        self,
        path: Path,
        cache: Path | None = None,
        remedy: str = "run the convert stage again",
        adapter: Path | None = None,
    ) -> None:
        """Load it; raise ModelError, which ends in `remedy`, where it is missing or the runtime refuses it.

        Packed weights are kept in a folder of the bundle's own below `cache`; without one, nowhere.
        """
        if not path.is_file():
            raise ModelError(f"{path}: no such bundle; {remedy}")
        self.path, self.threads = path, os.cpu_count() or 1
        self.apart = LoraConfig(lora_path=str(adapter)) if adapter else None
        """What sessions and conversations are opened with."""
        set_min_log_severity(LogSeverity.ERROR)
        backend, packed = Backend.CPU(thread_count=self.threads), _packed(path, cache)
        try:
            self.engine = Engine(str(path), backend=backend, cache_dir=packed, enable_benchmark=True)
        except RuntimeError as error:
            raise ModelError(f"{path}: LiteRT-LM cannot load it ({error}); {remedy}") from error

    @cached_property
    def context_tokens(self) -> int:
        """How many tokens a prompt and its answer may have together, with SPARE."""
        with ModelInfo(str(self.path)) as info:
            return int(info.max_context_tokens)

    def room(self, prompt_tokens: int, wanted: int) -> int:
        """Return how many of the tokens `wanted` for an answer fit behind a prompt: 0 where none does."""
        return max(0, min(wanted, self.context_tokens - prompt_tokens - SPARE))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Give what the runtime raises meanwhile as a ModelError that names the bundle."""
        try:
            yield
        except RuntimeError as error:
            raise ModelError(f"{self.path}: LiteRT-LM failed to answer ({error})") from error

    def close(self) -> None:
        """Give its memory back; what still runs in it would crash the process."""
        self.engine.close()


def sampler(temperature: float = 0, top_p: float = 1, seed: int = 0) -> SamplerConfig:
    """Return how to draw tokens: without temperature, the most probable ones."""
    if temperature == 0:
        return SamplerConfig(top_k=1, top_p=1.0, temperature=0.0, seed=seed)
    return SamplerConfig(top_k=_CANDIDATES, top_p=top_p, temperature=temperature, seed=seed)


def _packed(bundle: Path, cache: Path | None) -> str:
    # Without a word about it the runtime writes its packed weights beside the bundle, into the artifact.
    if cache is None:
        return ":nocache"
    # It names them by the bundle's file name, size and second, which two bundles may share.
    folder = cache / hashlib.sha256(str(bundle.resolve()).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)
