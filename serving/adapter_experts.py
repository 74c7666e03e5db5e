"""Answer with the adapters of a run, on the weights that they were trained on.

In: the base model's folder and an adapter folder for each expert. Out: answers, piece by piece. The base is
loaded once for all adapters that share its weights; an expert is a switch. It is set for each piece anew,
under a lock: a lock for the whole answer would let one slow reader keep all others waiting.
"""

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from threading import Lock

import torch
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tasks.kernel.errors import DataError, ModelError
from tasks.models.chat import prompt_text, stop_ids, token_ids
from tasks.models.loading import load_tokenizer
from tasks.models.precision import gpu_options, load_held, unpack_on_cpu
from tasks.records.training import FrozenBase, read_frozen_base

_UNFINISHED = "\ufffd"
"""What a tokenizer shows for a character whose bytes have not all come yet."""


class AdapterExperts:
    """The adapters of a run, none of them in memory."""

    def __init__(
        self, base: Path, folders: Mapping[str, Path], max_new_tokens: int, healed: Path | None = None
    ) -> None:
        """Read what each was trained on; raise DataError where that record is damaged.

        Adapters of `int4` stand on `healed`; none: the base came healed.
        """
        self.names = frozenset(folders)
        self._base = base
        self._healed = healed or base
        self._folders = folders
        self._weights = {name: read_frozen_base(folder) for name, folder in folders.items()}
        self._max_new_tokens = max_new_tokens
        self._lock = Lock()
        """One for all networks: while transformers loads one, the process has other defaults."""

    def shared(self, name: str) -> FrozenBase:
        """Return the weights below the adapter."""
        return self._weights[name]

    def load(self, name: str) -> "Network":
        """Load the weights below the adapter, and every adapter that was trained on them."""
        weights = self._weights[name]
        sharing = {other: self._folders[other] for other, own in self._weights.items() if own == weights}
        with self._lock:
            below = self._healed if weights.quantization == "int4" else self._base
            model = attach(load_frozen(below, weights), sharing)
            return Network(model, load_tokenizer(self._base), self._max_new_tokens, self._lock)


class Network:
    """A base with its adapters, one of them switched on at a time."""

    def __init__(
        self, model: PeftModel, tokenizer: PreTrainedTokenizerBase, max_new_tokens: int, lock: Lock
    ) -> None:
        self.model = model
        self._tokenizer = tokenizer
        self._max_new_tokens = max_new_tokens
        self._lock = lock

    def answer(self, name: str, question: str) -> Generator[str, None, None]:
        """Yield the answer's pieces; raise DataError where the question fills the context."""
        pieces = stream_answer(self.model, self._tokenizer, question, self._max_new_tokens)
        while (piece := self._next(name, pieces)) is not None:
            yield piece

    def close(self) -> None:
        """Do nothing: the memory goes with the object."""

    def _next(self, name: str, pieces: Iterator[str]) -> str | None:
        with self._lock:
            switch(self.model, name)
            return next(pieces, None)


def switch(model: PeftModel, name: str) -> None:
    """Switch the expert's adapter on, unless it is."""
    if model.active_adapter != _slot(name):
        model.set_adapter(_slot(name))


def stream_answer(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, question: str, max_new_tokens: int
) -> Generator[str, None, None]:
    """Yield the greedy answer's pieces; raise DataError where the question fills the context.

    A plain loop instead of `generate`, because a generator can be left at any time without a thread.
    """
    prompt = token_ids(tokenizer, prompt_text(tokenizer, question))
    room = context_length(model) - len(prompt)
    if room < 1:
        message = f"question: {len(prompt)} tokens with its chat format fill the model's context"
        raise DataError(f"{message} of {context_length(model)}; shorten it")
    tokens: list[int] = []
    shown = ""
    for token in _tokens(model, prompt, stop_ids(tokenizer), min(max_new_tokens, room)):
        tokens.append(token)
        text = str(tokenizer.decode(tokens, skip_special_tokens=True))
        if text.endswith(_UNFINISHED):
            continue
        yield text[len(shown) :]
        shown = text
    yield str(tokenizer.decode(tokens, skip_special_tokens=True))[len(shown) :]


def context_length(model: torch.nn.Module) -> int:
    """Return how many tokens the model can hold."""
    return int(model.config.max_position_embeddings)  # type: ignore[union-attr, arg-type]  # PEFT hands it on


def _tokens(model: torch.nn.Module, prompt: list[int], stops: list[int], limit: int) -> Iterator[int]:
    device = next(model.parameters()).device
    ids, cache = torch.tensor([prompt], device=device), None
    for _ in range(limit):
        # Entered anew for each token: held open over a yield, it would change the caller's mode.
        with torch.inference_mode():
            output = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            ids = output.logits[:, -1].argmax(dim=-1, keepdim=True)
        cache, token = output.past_key_values, int(ids)
        if token in stops:
            return
        yield token


def load_frozen(base: Path, weights: FrozenBase) -> PreTrainedModel:
    """Load the base as in training, unpacked where that is faster."""
    model = load_held(base, weights, **gpu_options())
    unpack_on_cpu(model, weights)
    return model


def attach(model: PreTrainedModel, adapters: Mapping[str, Path]) -> PeftModel:
    """Put every adapter on `model`; raise ModelError where one does not fit it."""
    network: PeftModel | None = None
    for domain, folder in adapters.items():
        try:
            if network is None:
                network = PeftModel.from_pretrained(model, str(folder), adapter_name=_slot(domain))
            else:
                network.load_adapter(str(folder), adapter_name=_slot(domain))
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"{folder}: the adapter cannot be loaded ({error}); run finetune again"
            ) from error
    if network is None:
        raise ModelError("no adapter to load; run `pocketmoe run` again")
    network.eval()
    return network


def _slot(domain: str) -> str:
    """Return PEFT's name for the adapter: module dictionaries refuse names such as `values` or `type`."""
    return f"expert-{domain}"
