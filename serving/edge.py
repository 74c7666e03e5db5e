"""Answer with the shipped INT4 bundles, in the runtime that phones have.

In: a bundle folder for each domain. Out: answers, piece by piece. Engines are opened when
their domain is first asked, and only a few stay open, so that memory does not grow with the
number of domains.
"""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Generator, Mapping
from pathlib import Path

import litert_lm

from tasks.kernel.errors import DataError, ModelError

SPARE = 8
"""Tokens left free at the end of the context: the runtime corrupts its memory when it runs over."""


class EdgeExperts:
    """The bundles of all domains; at most `open_at_most` engines at a time."""

    def __init__(
        self, bundles: Mapping[str, Path], cache: Path, max_new_tokens: int, open_at_most: int = 2
    ) -> None:
        self._bundles = {domain: folder / "model.litertlm" for domain, folder in bundles.items()}
        self._cache = cache
        self._max_new_tokens = max_new_tokens
        self._open_at_most = open_at_most
        self._engines: OrderedDict[str, litert_lm.Engine] = OrderedDict()
        litert_lm.set_min_log_severity(litert_lm.LogSeverity.ERROR)

    def answer(self, domain: str, question: str) -> Generator[str, None, None]:
        """Yield the answer's pieces; raise DataError where the question fills the context."""
        engine = self._engine(domain)
        with engine.create_conversation(sampler_config=_greedy()) as conversation:
            room = self._room(domain, len(engine.tokenize(conversation.render_message_to_string(question))))
            limit = min(self._max_new_tokens, room)
            try:
                for message in conversation.send_message_async(question, max_output_tokens=limit):
                    yield str(message)
            except RuntimeError as error:
                raise ModelError(f"{self._bundles[domain]}: LiteRT-LM failed to answer ({error})") from error
            finally:
                # A listener who leaves early must not close the conversation under the decoding thread.
                conversation.cancel_process()

    def close(self) -> None:
        """Close every engine."""
        while self._engines:
            self._engines.popitem()[1].close()

    def _engine(self, domain: str) -> litert_lm.Engine:
        if domain not in self._bundles:
            raise ModelError(
                f"{domain}: this run has no bundle for it; run `pocketmoe run` again to build it"
            )
        if domain not in self._engines:
            while len(self._engines) >= self._open_at_most:
                self._engines.popitem(last=False)[1].close()
            self._engines[domain] = _open(self._bundles[domain], self._cache)
        self._engines.move_to_end(domain)
        return self._engines[domain]

    def _room(self, domain: str, prompt_tokens: int) -> int:
        with litert_lm.ModelInfo(str(self._bundles[domain])) as info:
            context = int(info.max_context_tokens)
        room = context - prompt_tokens - SPARE
        if room < 1:
            raise DataError(
                f"question: {prompt_tokens} tokens with its chat format, but the bundle holds {context}"
                f" and needs {SPARE + 1} to answer; shorten it"
            )
        return room


def _open(bundle: Path, cache: Path) -> litert_lm.Engine:
    if not bundle.is_file():
        raise ModelError(f"{bundle}: no such bundle; run the convert stage again")
    # The runtime names its packed weights by file name, second and size, which bundles may share.
    packed = cache / hashlib.sha256(str(bundle.resolve()).encode()).hexdigest()[:16]
    packed.mkdir(parents=True, exist_ok=True)
    backend = litert_lm.Backend.CPU(thread_count=os.cpu_count() or 1)
    try:
        return litert_lm.Engine(str(bundle), backend=backend, cache_dir=str(packed))
    except RuntimeError as error:
        raise ModelError(
            f"{bundle}: LiteRT-LM cannot load it ({error}); run the convert stage again"
        ) from error


def _greedy() -> litert_lm.SamplerConfig:
    return litert_lm.SamplerConfig(top_k=1, top_p=1.0, temperature=0.0, seed=0)
