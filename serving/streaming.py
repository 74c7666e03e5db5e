"""Draw an answer token by token.

In: a model, its tokenizer and a prompt. Out: pieces of text as they come. A plain loop
instead of `generate`, because a generator can be left at any time without a thread.
"""

from collections.abc import Generator, Iterator

import torch
from transformers import PreTrainedTokenizerBase

from tasks.kernel.errors import DataError
from tasks.models.chat import prompt_text, stop_ids, token_ids

_UNFINISHED = "\ufffd"
"""What a tokenizer shows for a character whose bytes have not all come yet."""


def stream_answer(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, question: str, max_new_tokens: int
) -> Generator[str, None, None]:
    """Yield the greedy answer's pieces; raise DataError where the question fills the context."""
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
