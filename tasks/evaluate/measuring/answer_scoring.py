"""Score reference answers under a float model.

In: a model and token ids. Out: for each answer the sum of its tokens' negative log
likelihoods, the form from which perplexity, its interval and paired comparisons all follow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tasks.kernel.errors import DataError
from tasks.models.chat import Turns, token_ids
from tasks.statistics.bootstrap import Loss

IGNORED = -100
BATCH_TOKENS = 4096
"""Bounds the logits: 0.8 GB for a vocabulary of 49,152, whatever the texts' length."""


@dataclass(frozen=True)
class Encoded:
    """The tokens that a model is given and those that it has to predict."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def score_answers(
    model: PreTrainedModel, texts: Sequence[Encoded], batch_size: int, scored: Callable[[int], None]
) -> list[Loss]:
    """Return the loss of each answer given its prompt, in order; `scored` hears of each finished batch."""
    losses: dict[int, Loss] = {}
    for positions in batches(texts, batch_size):
        batch = [texts[position] for position in positions]
        losses.update(zip(positions, _score_batch(model, batch), strict=True))
        scored(len(batch))
    return [losses[position] for position in range(len(texts))]


def batches(texts: Sequence[Encoded], batch_size: int) -> Iterator[list[int]]:
    """Yield positions of texts of like length: at most `batch_size` of them and BATCH_TOKENS with padding."""
    batch: list[int] = []
    for position in sorted(range(len(texts)), key=lambda position: _length(texts[position])):
        padded = (len(batch) + 1) * _length(texts[position])
        if batch and (len(batch) == batch_size or padded > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def _score_batch(model: PreTrainedModel, batch: Sequence[Encoded]) -> list[Loss]:
    ids, labels, mask = _padded(batch)
    with torch.inference_mode():
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        rows = zip(batch, logits, labels, strict=True)
        return [Loss(_nats(row, wanted), len(text.answer)) for text, row, wanted in rows]


def _nats(logits: torch.Tensor, labels: torch.Tensor) -> float:
    # Row by row: the log-softmax of a whole batch over 49,152 tokens would double the peak memory.
    answer = labels[1:] != IGNORED
    return float(
        torch.nn.functional.cross_entropy(logits[:-1][answer].float(), labels[1:][answer], reduction="sum")
    )


def _padded(batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pad on the right, where a causal model cannot see it: (texts, tokens) ids, labels and mask."""
    shape = (len(batch), max(_length(text) for text in batch))
    ids, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    labels = torch.full(shape, IGNORED)
    for row, text in enumerate(batch):
        tokens = torch.tensor(text.prompt + text.answer)
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
        labels[row, len(text.prompt) : len(tokens)] = tokens[len(text.prompt) :]
    return ids, labels, mask


def _length(text: Encoded) -> int:
    return len(text.prompt) + len(text.answer)


def encode(tokenizer: PreTrainedTokenizerBase, turns: Turns, max_length: int) -> Encoded:
    """Tokenize both turns and cut the answer's end at `max_length`; raise DataError if none of it is left."""
    prompt = token_ids(tokenizer, turns.prompt)
    answer = token_ids(tokenizer, turns.answer)[: max(0, max_length - len(prompt))]
    if not answer:
        message = (
            f"`max_length` {max_length}: a question of {len(prompt)} tokens leaves no room for its answer"
        )
        raise DataError(f"{message}; raise it or shorten the question {turns.prompt[:80]!r}")
    return Encoded(tuple(prompt), tuple(answer))
