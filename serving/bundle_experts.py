"""Answer with the shipped INT4 bundles, in the runtime that phones have.

In: for each domain a bundle, and an adapter where several share one. Out: answers, piece by piece. An engine
holds several conversations at once and keeps them apart, so callers share it without a lock.
"""

from collections.abc import Generator, Mapping
from pathlib import Path

from litert_lm import LoraConfig

from tasks.kernel.errors import DataError
from tasks.models.bundle import SPARE, Bundle, sampler
from tasks.models.edge_files import ExpertFiles


class BundleExperts:
    """The bundles of all domains, none of them open."""

    def __init__(self, files: Mapping[str, ExpertFiles], cache: Path | None, max_new_tokens: int) -> None:
        self.names = frozenset(files)
        self._files = files
        self._cache = cache
        self._max_new_tokens = max_new_tokens

    def shared(self, name: str) -> Path:
        """Return the bundle: adapters share one."""
        return self._files[name].bundle

    def load(self, name: str) -> "OpenBundle":
        """Open the domain's bundle; raise ModelError where the runtime refuses it."""
        bundle = Bundle(self._files[name].bundle, self._cache)
        return OpenBundle(bundle, self._files, self._max_new_tokens)


class OpenBundle:
    """A bundle that answers the questions of the domains that it serves."""

    def __init__(self, bundle: Bundle, files: Mapping[str, ExpertFiles], max_new_tokens: int) -> None:
        self._bundle = bundle
        self._files = files
        self._max_new_tokens = max_new_tokens

    def answer(self, name: str, question: str) -> Generator[str, None, None]:
        """Yield the answer's pieces; raise DataError where the question fills the context."""
        engine, adapter = self._bundle.engine, self._files[name].adapter
        apart = LoraConfig(lora_path=str(adapter)) if adapter else None
        greedy = sampler()
        with (
            self._bundle.errors(),
            engine.create_conversation(sampler_config=greedy, lora_config=apart) as conversation,
        ):
            limit = self._limit(len(engine.tokenize(conversation.render_message_to_string(question))))
            try:
                for message in conversation.send_message_async(question, max_output_tokens=limit):
                    yield str(message)
            finally:
                # A listener who leaves early must not close the conversation under the decoding thread.
                conversation.cancel_process()

    def close(self) -> None:
        """Close the engine."""
        self._bundle.close()

    def _limit(self, prompt_tokens: int) -> int:
        limit = self._bundle.room(prompt_tokens, self._max_new_tokens)
        if not limit:
            raise DataError(
                f"question: {prompt_tokens} tokens with its chat format, but the bundle holds"
                f" {self._bundle.context_tokens} and needs {SPARE + 1} to answer; shorten it"
            )
        return limit
