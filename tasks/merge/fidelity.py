"""Does the merged model say what base and adapter say together?

In: two models and probe texts. Out: divergences of their next-token distributions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import kl_div
from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Fidelity:
    """How far two models are apart over all positions of the probes."""

    mean_kl: float
    """Nats a token, from the first model to the second."""
    top1_agreement: float
    """Share of positions with the same most likely token."""
    max_abs_logit_difference: float
    mean_abs_logit_difference: float
    positions: int


@torch.inference_mode()
def probe_logits(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, probes: Sequence[str]
) -> torch.Tensor:
    """Return the float32 logits of every position of every probe: positions x vocabulary."""
    device = next(model.parameters()).device
    encoded = (tokenizer(text, return_tensors="pt")["input_ids"].to(device) for text in probes)
    return torch.cat([model(input_ids=ids, use_cache=False).logits[0].float().cpu() for ids in encoded])


def compare(reference: torch.Tensor, candidate: torch.Tensor) -> Fidelity:
    """Compare two sets of logits, positions x vocabulary."""
    expected, found = reference.log_softmax(-1), candidate.log_softmax(-1)
    difference = (reference - candidate).abs()
    return Fidelity(
        mean_kl=kl_div(found, expected, log_target=True, reduction="batchmean").item(),
        top1_agreement=(reference.argmax(-1) == candidate.argmax(-1)).float().mean().item(),
        max_abs_logit_difference=difference.max().item(),
        mean_abs_logit_difference=difference.mean().item(),
        positions=len(reference),
    )
