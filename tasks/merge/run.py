"""Fold an adapter into its base and show that nothing else changed.

In: `base` (a Hugging Face folder) and `adapter` (PEFT files and `training.json`). Out: a
bfloat16 Hugging Face folder with tokenizer, `merge.json` and `sizes.json`. The check reads
the written files back, so that it covers what later stages get.
"""

import logging
from dataclasses import asdict
from pathlib import Path

from tasks.loading import load_model, load_tokenizer
from tasks.merge.config import MergeConfig
from tasks.merge.fidelity import Fidelity, compare, probe_logits
from tasks.merge.plan import MergeError, plan_merge
from tasks.merge.weights import dequantized, folded, trained_base, with_adapter
from tasks.records import write_json
from tasks.workspace import Inputs, Metrics, Workspace

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
    tokenizer.save_pretrained(work.out)
    work.progress(3, 4, "steps")
    found = probe_logits(load_model(work.out), tokenizer, config.probes)
    fidelity = checked(compare(reference, found), config)
    work.progress(4, 4, "steps", mean_kl=fidelity.mean_kl)

    sizes = {"adapter": weight_bytes(plan.adapter), "merged_bf16": weight_bytes(work.out)}
    record = {**asdict(fidelity), "tolerance": config.max_mean_kl, "probes": len(config.probes)}
    write_json(work.out / "merge.json", record)
    write_json(work.out / "sizes.json", sizes)
    logger.info(
        "mean divergence %.2g nats, same first choice %.1f %%",
        fidelity.mean_kl,
        100 * fidelity.top1_agreement,
    )
    return {**asdict(fidelity), "adapter_bytes": sizes["adapter"], "merged_bf16_bytes": sizes["merged_bf16"]}


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
