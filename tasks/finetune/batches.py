"""Put examples together into what the model reads at once.

In: token ids and labels of some examples. Out: one tensor for each of the model's inputs. Short examples
stand one behind the other in a single row, without padding, and what all of them begin with is read once.
A mask keeps them apart and positions count from each one's own beginning, so that losses and gradients are
those of each alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, takewhile

import torch

from tasks.finetune.encoding import IGNORED, Encoded

Row = Mapping[str, Sequence[int]]
"""The ids and labels of one example, as a data set holds them."""
Batch = dict[str, torch.Tensor]
Collator = Callable[[Sequence[Row]], Batch]
LONGEST_ROW = 512
"""With more tokens, attention across one row costs more than padding in several."""

_MULTIPLE = 16
"""Rows are filled up to this, so that few shapes come up: kernels are made and kept for each."""


def row(example: Encoded) -> dict[str, list[int]]:
    """Return an example as a data set holds it."""
    return {"input_ids": list(example.input_ids), "labels": list(example.labels)}


def collate(rows: Sequence[Row]) -> Batch:
    """Return the examples in one row where that is short enough, and otherwise in a padded row each."""
    tokens = sum(len(one["input_ids"]) for one in rows) - _shared(rows) * (len(rows) - 1)
    return packed(rows) if tokens <= LONGEST_ROW else padded(rows)


def packed(rows: Sequence[Row]) -> Batch:
    """Return one row: the tokens that all examples begin with, then the rest of each, then filling."""
    shared = _shared(rows)
    rests = [range(shared, len(one["input_ids"])) for one in rows]
    filling = range(-(shared + sum(map(len, rests))) % _MULTIPLE)
    owner = torch.tensor(
        [0] * shared + [number for number, rest in enumerate([*rests, filling], 1) for _ in rest]
    )
    own = (owner[:, None] == owner) | (owner == 0)
    ids = [*rows[0]["input_ids"][:shared], *chain(*(one["input_ids"][shared:] for one in rows))]
    labels = [IGNORED] * shared + [*chain(*(one["labels"][shared:] for one in rows))]
    return {
        "input_ids": torch.tensor([ids + [0] * len(filling)]),
        "labels": torch.tensor([labels + [IGNORED] * len(filling)]),
        "attention_mask": own.tril()[None, None],
        "position_ids": torch.tensor([[*range(shared), *chain(*rests), *filling]]),
    }


def padded(rows: Sequence[Row]) -> Batch:
    """Return a row for each example, filled up to the longest."""
    width = max(len(one["input_ids"]) for one in rows)
    return {
        "input_ids": torch.tensor([_filled(one["input_ids"], 0, width) for one in rows]),
        "labels": torch.tensor([_filled(one["labels"], IGNORED, width) for one in rows]),
        "attention_mask": torch.tensor([_filled([1] * len(one["input_ids"]), 0, width) for one in rows]),
    }


def by_length(examples: Sequence[Encoded]) -> Iterator[list[Encoded]]:
    """Yield the examples by length, in batches of about a row's tokens."""
    batch: list[Encoded] = []
    for example in sorted(examples, key=lambda one: one.tokens):
        if batch and (len(batch) + 1) * example.tokens > LONGEST_ROW:
            yield batch
            batch = []
        batch.append(example)
    yield batch


def _shared(rows: Sequence[Row]) -> int:
    """Count the tokens that all examples begin with, but for a prompt's last, which predicts an answer."""
    columns = zip(*(one["input_ids"] for one in rows), strict=False)
    same = sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, columns))
    prompts = (sum(1 for _ in takewhile(lambda label: label == IGNORED, one["labels"])) for one in rows)
    return max(0, min(same, *(prompt - 1 for prompt in prompts)))


def _filled(values: Sequence[int], filler: int, width: int) -> list[int]:
    return [*values, *[filler] * (width - len(values))]
