"""Let a float model answer questions.

In: a model, its tokenizer and prompts. Out: answers, or milliseconds. Quality is measured
in batches and latency on single questions: batching changes the second, not the first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from tasks.models.chat import stop_ids, token_ids


@dataclass(frozen=True)
class Decoding:
    """How answers are drawn."""

    max_new_tokens: int
    temperature: float
    """0 is greedy."""
    seed: int


def answer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    decoding: Decoding,
    batch_size: int,
    answered: Callable[[int], None],
) -> list[str]:
    """Return the answer to each prompt, in order; `answered` hears of each finished batch."""
    torch.manual_seed(decoding.seed)
    encoded = [token_ids(tokenizer, prompt) for prompt in prompts]
    order = sorted(range(len(encoded)), key=lambda position: len(encoded[position]))
    answers: dict[int, str] = {}
    for start in range(0, len(order), batch_size):
        positions = order[start : start + batch_size]
        texts = _generate(model, tokenizer, [encoded[position] for position in positions], decoding)
        answers.update(zip(positions, texts, strict=True))
        answered(len(positions))
    return [answers[position] for position in range(len(prompts))]


def milliseconds(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], decoding: Decoding
) -> list[float]:
    """Return how long each prompt takes alone, from text to text, after one unmeasured warm-up."""
    times: list[float] = []
    for prompt in [*prompts[:1], *prompts]:
        start = perf_counter()
        _generate(model, tokenizer, [token_ids(tokenizer, prompt)], decoding)
        times.append(1000 * (perf_counter() - start))
    return times[1:]


def _generate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    decoding: Decoding,
) -> list[str]:
    stops = stop_ids(tokenizer)
    width = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), width), stops[0])
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    # The model's own generation settings would sample; they are replaced, not merged.
    model.generation_config = _generation_config(decoding, stops)
    with torch.inference_mode():
        output = model.generate(input_ids=ids, attention_mask=mask)  # type: ignore[operator]  # stubs: nn.Module
    return [text.strip() for text in tokenizer.batch_decode(output[:, width:], skip_special_tokens=True)]


def _generation_config(decoding: Decoding, stops: list[int]) -> GenerationConfig:
    common = {"max_new_tokens": decoding.max_new_tokens, "eos_token_id": stops, "pad_token_id": stops[0]}
    if decoding.temperature == 0:
        return GenerationConfig(do_sample=False, **common)
    return GenerationConfig(do_sample=True, temperature=decoding.temperature, top_k=0, **common)
