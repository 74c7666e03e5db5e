"""The loss on answers: what training minimizes and what validation reports.

In: a model and encoded examples. Out: summed nats over the supervised tokens, so that
averages are weighted by tokens and do not depend on the batch size.
"""

from collections.abc import Mapping, Sequence

import torch
from torch.nn.functional import cross_entropy

from tasks.finetune.batches import Batch, Collator, by_length, row
from tasks.finetune.encoding import IGNORED, Encoded


def supervised_loss(model: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return the summed negative log-likelihood of the supervised tokens of a batch.

    The head is applied where some row has a supervised token next: its logits are the largest tensor by
    far, and the others carry no loss.
    """
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
    targets = batch["labels"][:, 1:]
    places = (targets != IGNORED).any(0).nonzero()[:, 0]
    outputs = model(**inputs, use_cache=False, logits_to_keep=places)
    targets = targets[:, places]
    supervised = targets != IGNORED
    return cross_entropy(outputs.logits[supervised].float(), targets[supervised], reduction="sum")


def answer_loss(
    model: torch.nn.Module, examples: Sequence[Encoded], collate: Collator, *, bfloat16: bool
) -> float:
    """Return the mean negative log-likelihood of the supervised tokens of `examples`, in nats."""
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    batches = [collate([row(example) for example in batch]) for batch in by_length(examples)]
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
        sums = [supervised_loss(model, _on(device, batch)).item() for batch in batches]
    model.train(was_training)
    return sum(sums) / sum(int((batch["labels"] != IGNORED).sum()) for batch in batches)


def _on(device: torch.device, batch: Batch) -> Batch:
    return {name: tensor.to(device) for name, tensor in batch.items()}
