"""Decode replies to many prompts at once.

In: a causal language model, tokenized prompts, sampling settings. Out: token ids of each
reply. A beginning that prompts have in common (instruction and worked examples) goes through the
model once and its keys and values are shared; a reply that has ended leaves the batch at once, so
that no step computes what nobody reads.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from tasks.generate.teachers.grammar import Constraint

Tokens = list[int]


@dataclass(frozen=True)
class SamplingSettings:
    """How the next token is drawn; temperature 0 takes the most probable one."""

    temperature: float
    top_p: float
    max_new_tokens: int


@dataclass(frozen=True)
class Prefix:
    """The common beginning of prompts, and what the model computed for it."""

    tokens: Tokens
    cache: DynamicCache

    @property
    def length(self) -> int:
        """Return the number of its tokens."""
        return len(self.tokens)

    def begins(self, prompt: Tokens) -> bool:
        """Tell whether `prompt` begins so and goes on."""
        return len(prompt) > self.length and prompt[: self.length] == self.tokens


@torch.inference_mode()
def shared_prefix(model: PreTrainedModel, prompts: Sequence[Tokens]) -> Prefix:
    """Run the common beginning of `prompts` once; at least one token of each prompt stays out of it."""
    # What the least and the greatest in dictionary order share, all between them share.
    first, last = min(prompts, default=[]), max(prompts, default=[])
    shortest = min(map(len, prompts), default=1)
    length = next((at for at in range(shortest - 1) if first[at] != last[at]), shortest - 1)
    common = first[:length]
    cache = DynamicCache(config=model.config)
    if common:
        ids = torch.tensor([common], device=model.device)
        model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return Prefix(common, cache)


def turn_ends(tokenizer: PreTrainedTokenizerBase, size: int) -> torch.Tensor:
    """Return a mask over `size` token ids: those that end the turn."""
    mask = torch.zeros(size, dtype=torch.bool)
    mask[tokenizer.all_special_ids] = True
    return mask


def question_ends(tokenizer: PreTrainedTokenizerBase, size: int) -> torch.Tensor:
    """Return a mask over `size` token ids: those that end a question, a line or the turn."""
    texts = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
    mask = turn_ends(tokenizer, size)
    mask[[index for index, text in enumerate(texts) if "?" in text or "\n" in text]] = True
    return mask


@torch.inference_mode()
def decode_batch(
    model: PreTrainedModel,
    prefix: Prefix,
    prompts: Sequence[Tokens],
    stop: torch.Tensor,
    sampling: SamplingSettings,
    seed: int,
    constraint: Constraint | None = None,
) -> list[Tokens]:
    """Return the reply to each prompt, each up to and with its first stop token or the end of its grammar."""
    ids, mask = _left_padded([prompt[prefix.length :] for prompt in prompts], prefix.length, model.device)
    cache = copy.deepcopy(prefix.cache)
    cache.batch_repeat_interleave(len(prompts))
    draw = torch.Generator(model.device).manual_seed(seed)
    replies: list[Tokens] = [[] for _ in prompts]
    rows = list(range(len(prompts)))
    for left in range(sampling.max_new_tokens, 0, -1):
        logits = _logits(model, ids, mask, cache)
        if constraint:
            logits = constraint.restrict(logits, left)
        tokens = _next_tokens(logits, sampling, draw)
        for row, token in zip(rows, tokens.tolist(), strict=True):
            replies[row].append(token)
        going = _going(tokens, stop, constraint)
        if not going:
            break
        if len(going) < len(rows):
            chosen = torch.tensor(going, device=model.device)
            cache.batch_select_indices(chosen)
            rows, tokens, mask = [rows[at] for at in going], tokens[chosen], mask[chosen]
        ids = tokens[:, None]
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
    return replies


def _left_padded(
    prompts: Sequence[Tokens], prefix: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts], device=device)
    mask = torch.tensor(
        [[1] * prefix + [0] * (width - len(p)) + [1] * len(p) for p in prompts], device=device
    )
    return ids, mask


def _logits(
    model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache
) -> torch.Tensor:
    positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
    step = model(
        input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, logits_to_keep=1
    )
    logits: torch.Tensor = step.logits[:, -1]
    return logits


def _going(tokens: torch.Tensor, stop: torch.Tensor, constraint: Constraint | None) -> list[int]:
    """Return the places of the replies that have not ended."""
    if constraint is None:
        return [at for at, ended in enumerate(stop[tokens].tolist()) if not ended]
    going = [at for at, ended in enumerate(constraint.accept(tokens.tolist())) if not ended]
    constraint.select(going)
    return going


def _next_tokens(logits: torch.Tensor, sampling: SamplingSettings, draw: torch.Generator) -> torch.Tensor:
    """Return one token id a row; the nucleus is the smallest set of tokens that holds `top_p`."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    ranked, order = (logits.float() / sampling.temperature).softmax(-1).sort(descending=True)
    ranked = ranked.masked_fill(ranked.cumsum(-1) - ranked >= sampling.top_p, 0)
    return order.gather(1, torch.multinomial(ranked, 1, generator=draw))[:, 0]
