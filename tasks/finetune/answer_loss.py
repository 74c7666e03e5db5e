"""The loss on answers: what training minimizes and what validation reports.

In: a model and encoded examples. Out: summed nats over the supervised tokens, so that
averages are weighted by tokens and do not depend on the batch size.
"""

from collections.abc import Mapping, Sequence

import torch
from torch.nn.functional import cross_entropy

from tasks.finetune.encoding import IGNORED, Encoded


def supervised_loss(model: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return the summed negative log-likelihood of the supervised tokens of a padded batch.

    The head is applied from the shortest prompt's end on: its logits are the largest tensor by
    far, and nothing before that point carries loss.
    """
    labels = batch["labels"]
    first = int((labels != IGNORED).any(0).nonzero()[0])
    kept = labels.shape[1] - first + 1
    outputs = model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        use_cache=False,
        logits_to_keep=kept,
    )
    targets = labels[:, first:]
    supervised = targets != IGNORED
    logits = outputs.logits[:, :-1][supervised].float()
    return cross_entropy(logits, targets[supervised], reduction="sum")


def answer_loss(model: torch.nn.Module, examples: Sequence[Encoded], batch_size: int) -> float:
    """Return the mean negative log-likelihood of the supervised tokens of `examples`, in nats."""
    was_training = model.training
    model.eval()
    ordered = sorted(examples, key=lambda example: example.tokens)
    starts = range(0, len(ordered), batch_size)
    sums = [_batch_loss(model, ordered[start : start + batch_size]) for start in starts]
    model.train(was_training)
    return sum(loss for loss, _ in sums) / sum(count for _, count in sums)


@torch.no_grad()
def _batch_loss(model: torch.nn.Module, batch: Sequence[Encoded]) -> tuple[float, int]:
    """Return the summed loss of a batch and its number of supervised tokens."""
    device = next(model.parameters()).device
    width = max(example.tokens for example in batch)
    rows = {
        "input_ids": [_padded(example.input_ids, 0, width) for example in batch],
        "labels": [_padded(example.labels, IGNORED, width) for example in batch],
        "attention_mask": [_padded((1,) * example.tokens, 0, width) for example in batch],
    }
    tensors = {name: torch.tensor(values, device=device) for name, values in rows.items()}
    return supervised_loss(model, tensors).item(), int((tensors["labels"] != IGNORED).sum())


def _padded(values: Sequence[int], filler: int, width: int) -> list[int]:
    return [*values, *[filler] * (width - len(values))]
