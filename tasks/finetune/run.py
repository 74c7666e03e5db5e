"""Train one adapter: a domain's expert on its own data, or the generalist on all domains'.

In: `base` (a Hugging Face folder) and one or several `qa/<domain>` folders. Out: a PEFT
adapter with `training.json`. One data folder or many is the only difference between expert
and generalist: everything else, the token budget included, follows the same rule.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerBase

from tasks.finetune.budget import Plan, plan_examples, sorted_within_steps
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.encoding import Encoded, encode_examples
from tasks.finetune.learner import Learner, Lesson
from tasks.finetune.network import adapted_model, round_frozen
from tasks.finetune.packing_trial import fitting_collator
from tasks.finetune.preflight import (
    check_batch,
    check_left_out,
    check_template,
    check_vocabulary,
    sample_of,
)
from tasks.finetune.train_loop import TrainingResult, train
from tasks.kernel.errors import DataError, UnsupportedError
from tasks.kernel.workspace import Inputs, Metrics, Workspace, domain_inputs
from tasks.models.chat import end_of_turn
from tasks.models.loading import base_identity, load_tokenizer
from tasks.models.precision import STORED
from tasks.records.dataset import Example
from tasks.records.files import read_records, write_json
from tasks.records.training import (
    ADAPTER_CONFIG,
    WEIGHTS,
    AdapterSettings,
    SamplePiece,
    Training,
    write_training,
)

_BATCHES = 4
"""Batches looked at before training: the first of them."""

logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: FinetuneConfig, work: Workspace) -> Metrics:
    """Train, score before and after on validation data, and write the adapter."""
    if refusals := config.refusals():
        raise UnsupportedError("; ".join(refusals))
    base, domains = inputs["base"], domain_inputs(inputs, "qa")
    tokenizer = load_tokenizer(base)
    train_pools = load_pools(domains, "train", tokenizer, config)
    validation = load_pools(domains, "validation", tokenizer, config, config.validation_examples).encoded
    plan = plan_examples(train_pools.encoded, config.num_epochs, config.token_budget, config.seed)
    logger.info("%d examples, %d of %d tokens", len(plan.sequence), plan.tokens, plan.budget)

    learner = learner_of(base, tokenizer, plan, config)
    sample = checked_sample(learner, plan, config)
    before = learner.losses(validation)
    trained = train(learner, Lesson(plan.sequence, validation), config, work.scratch, work.progress)
    after = learner.losses(validation)

    save_adapter(learner.model, work.out)
    seen = plan.until(trained.steps * config.step_size)
    record = training_record(base, config, seen, trained, before, after)
    facts = {"end_of_turn": end_of_turn(tokenizer), "sample": sample, "left_out": train_pools.left_out}
    write_training(work.out, record.model_copy(update=facts))
    return metrics_of(seen, trained, before, after)


@dataclass(frozen=True)
class Loaded:
    """One split of every domain."""

    encoded: dict[str, list[Encoded]]
    left_out: dict[str, int]
    """Examples that are too long, where there are any."""


def load_pools(
    domains: dict[str, Path],
    split: Literal["train", "validation"],
    tokenizer: PreTrainedTokenizerBase,
    config: FinetuneConfig,
    limit: int | None = None,
) -> Loaded:
    """Read and encode one split of every domain, at most `limit` examples each.

    Raises PreflightError where more are too long than may be left out, and where tokens lose the text.
    """
    if not domains:
        raise DataError("finetune: no `qa/<domain>` input; give the run at least one domain")
    pools, missing = {}, {}
    for domain, folder in domains.items():
        examples = read_records(folder / f"{split}.jsonl", Example)[:limit]
        pools[domain] = encode_examples(examples, domain, tokenizer, config.max_length)
        check_template(examples, tokenizer)
        if left_out := len(examples) - len(pools[domain]):
            share = f"{left_out} of {len(examples)} {split} examples"
            logger.warning("%s: %s exceed `max_length`", domain, share)
            missing[domain] = left_out
        if split == "train":
            check_left_out(domain, left_out, len(examples), config.max_left_out)
    return Loaded(pools, missing)


def learner_of(base: Path, tokenizer: PreTrainedTokenizerBase, plan: Plan, config: FinetuneConfig) -> Learner:
    """Load the base with a fresh adapter, see that both belong together, and find out how it may read."""
    model = adapted_model(base, config)
    check_vocabulary(model, tokenizer, plan.sequence)
    learner = Learner(model, tokenizer, fitting_collator(model, plan.sequence), config.computes_16_bits)
    if config.computes_16_bits:
        round_frozen(model)
    return learner


def checked_sample(learner: Learner, plan: Plan, config: FinetuneConfig) -> list[SamplePiece]:
    """Look at the first batches as training will see them, and return the first example, decoded."""
    size = config.per_device_batch_size
    ordered = sorted_within_steps(plan.sequence, config.step_size)
    for start in range(0, len(ordered), size)[:_BATCHES]:
        check_batch(learner.collate, ordered[start : start + size], learner.tokenizer)
    return sample_of(plan.sequence[0], learner.collate, learner.tokenizer)


def training_record(
    base: Path,
    config: FinetuneConfig,
    plan: Plan,
    trained: TrainingResult,
    before: dict[str, float],
    after: dict[str, float],
) -> Training:
    """Return how the adapter came about, for the merge and the report."""
    return Training(
        adapter=AdapterSettings.model_validate(config.adapter.model_dump(mode="json")),
        base=base_identity(base),
        quantization=config.quantization,
        double_quantization=config.double_quantization,
        compute_dtype=config.compute_dtype,
        token_budget=plan.budget,
        tokens_seen=plan.tokens,
        tokens_by_domain=plan.tokens_by_domain(),
        examples_seen=len(plan.sequence),
        steps=trained.steps,
        step_losses=[round(loss, 6) for loss in trained.losses],
        validations=[(step, round(loss, 6)) for step, loss in trained.validations],
        kept_step=trained.kept_step,
        stopped_early=trained.stopped_early,
        divergence=trained.divergence,
        validation_loss_before=before,
        validation_loss_after=after,
    )


def metrics_of(
    plan: Plan, trained: TrainingResult, before: dict[str, float], after: dict[str, float]
) -> Metrics:
    """Return the flat figures; losses are nats per supervised token, averaged over domains."""
    return {
        "steps": trained.steps,
        "resumed_from_step": trained.resumed_from,
        "tokens": plan.tokens,
        "token_budget": plan.budget,
        "examples": len(plan.sequence),
        "train_loss": trained.losses[-1],
        "validation_loss_before": fmean(before.values()),
        "validation_loss_after": fmean(after.values()),
    }


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Write the adapter without paths, dates or model cards.

    The factors are stored like the merged weights later, in bfloat16; DoRA's magnitudes, whose
    changes are too small for that, in float32.
    """
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    tensors = {name: _stored(name, state[name]) for name in sorted(state)}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    model.peft_config["default"].save_pretrained(str(folder))
    settings = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = None
    settings["target_modules"] = sorted(settings["target_modules"])
    settings["inference_mode"] = True
    write_json(folder / ADAPTER_CONFIG, settings)


def _stored(name: str, tensor: torch.Tensor) -> torch.Tensor:
    dtype = torch.float32 if "magnitude" in name else STORED
    return tensor.detach().to("cpu", dtype).contiguous()
