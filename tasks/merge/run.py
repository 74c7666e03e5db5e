"""Fold an adapter into its base and show that nothing else changed.

In: `base` (a Hugging Face folder) and `adapter` (PEFT files and `training.json`). Out: a
bfloat16 Hugging Face folder with tokenizer, `merge.json` and `sizes.json`. The check reads
the written files back, so that it covers what later stages get.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.nn.functional import kl_div
from transformers import PreTrainedTokenizerBase

from tasks.kernel.workspace import Inputs, Metrics, Workspace
from tasks.merge.config import MergeConfig
from tasks.merge.merge_plan import MergeError, plan_merge
from tasks.merge.weights import dequantized, folded, trained_base, with_adapter
from tasks.models.loading import load_model, load_tokenizer, save_tokenizer
from tasks.records.edge import Sizes, write_sizes
from tasks.records.merge import MergeCheck, write_merge_check

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: MergeConfig, work: Workspace) -> Metrics:
    """Merge, write, read back, compare; raise MergeError beyond the tolerance."""
    plan = plan_merge(inputs["base"], inputs["adapter"])
    tokenizer = load_tokenizer(plan.base)
    trained = trained_base(plan)
    plain = dequantized(plan, trained)
    work.progress(1, 4, "steps")
    reference = probe_logits(with_adapter(plan, trained), tokenizer, config.probes)
    work.progress(2, 4, "steps")
    folded(plan, plain).save_pretrained(work.out)
    save_tokenizer(plan.base, work.out)
    work.progress(3, 4, "steps")
    found = probe_logits(load_model(work.out), tokenizer, config.probes)
    fidelity = checked(compare(reference, found), config)
    work.progress(4, 4, "steps", mean_kl=fidelity.mean_kl)

    sizes = Sizes(adapter=weight_bytes(plan.adapter), merged_bf16=weight_bytes(work.out))
    check = MergeCheck(**asdict(fidelity), tolerance=config.max_mean_kl, probes=len(config.probes))
    write_merge_check(work.out, check)
    write_sizes(work.out, sizes)
    logger.info(
        "mean divergence %.2g nats, same first choice %.1f %%",
        fidelity.mean_kl,
        100 * fidelity.top1_agreement,
    )
    return {**asdict(fidelity), **{f"{name}_bytes": count for name, count in sizes.known().items()}}


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


def checked(fidelity: Fidelity, config: MergeConfig) -> Fidelity:
    """Return `fidelity`, or raise MergeError where it is beyond the tolerance."""
    if not fidelity.mean_kl <= config.max_mean_kl:
        raise MergeError(
            f"merged model: its answers diverge from base and adapter by {fidelity.mean_kl:.3g} nats a token,"
            f" more than `max_mean_kl` ({config.max_mean_kl:.3g}); train the adapter again on this base,"
            " or raise `max_mean_kl` if the difference is acceptable"
        )
    return fidelity


def weight_bytes(folder: Path) -> int:
    """Return the size of a folder's weights in bytes."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


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
