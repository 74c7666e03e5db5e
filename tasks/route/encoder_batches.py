"""What the training loop eats: labelled questions in, batches of token ids out; and the head's start.

The tokenizer is the one that ships, so that training reads what the router will read.
"""

from typing import TypedDict

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.utils.rnn import pad_sequence

from tasks.route.encoder_scorer import centroids_of
from tasks.route.pooling import PooledEncoder, Reader
from tasks.route.questions import Questions

_BATCH = 64


class Row(TypedDict):
    """One question."""

    input_ids: list[int]
    labels: int
    """The place of its label, under the name that the trainer looks for."""


def rows_of(reader: Reader, questions: Questions, labels: tuple[str, ...]) -> list[Row]:
    """Return the questions as token ids."""
    tokenizer = Tokenizer.from_str(reader.tokenizer)
    tokenizer.enable_truncation(reader.max_length)
    tokenizer.no_padding()
    encoded = tokenizer.encode_batch(list(questions.texts))
    places = {label: place for place, label in enumerate(labels)}
    return [
        {"input_ids": one.ids, "labels": places[label]}
        for one, label in zip(encoded, questions.labels, strict=True)
    ]


def collate(rows: list[Row]) -> dict[str, torch.Tensor]:
    """Return a padded batch."""
    ids = [torch.tensor(row["input_ids"]) for row in rows]
    padded = pad_sequence(ids, batch_first=True)
    lengths = torch.tensor([len(one) for one in ids])
    return {
        "input_ids": padded,
        "attention_mask": (torch.arange(padded.shape[1]) < lengths[:, None]).long(),
        "labels": torch.tensor([row["labels"] for row in rows]),
    }


def start_head(model: PooledEncoder, rows: list[Row], labels: int) -> None:
    """Start the head from the labels' centroids: from noise, it would first spoil the encoder."""
    ordered = sorted(rows, key=lambda row: len(row["input_ids"]))
    device = model.head.weight.device
    parts = []
    with torch.inference_mode():
        for start in range(0, len(ordered), _BATCH):
            batch = collate(ordered[start : start + _BATCH])
            embedding, _ = model(batch["input_ids"].to(device), batch["attention_mask"].to(device))
            parts.append(embedding.cpu().numpy())
    targets = np.array([row["labels"] for row in ordered])
    weight = torch.from_numpy(centroids_of(np.concatenate(parts), targets, labels))
    with torch.no_grad():
        model.head.weight.copy_(weight)
        model.head.bias.zero_()
