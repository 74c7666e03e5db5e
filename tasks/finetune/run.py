"""Train one adapter: a domain's expert on its own data, or the generalist on all domains'.

In: `base` (a Hugging Face folder) and one or several `qa/<domain>` folders. Out: a PEFT
adapter with `training.json`. One data folder or many is the only difference between expert
and generalist: everything else, the token budget included, follows the same rule.
"""

import json
import logging
from pathlib import Path
from statistics import fmean

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerBase

from tasks.finetune.answer_loss import answer_loss
from tasks.finetune.budget import Plan, plan_examples
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.encoding import Encoded, encode_examples
from tasks.finetune.network import adapted_model, round_frozen
from tasks.finetune.packing_trial import fitting_collator
from tasks.finetune.train_loop import Learner, TrainingResult, train
from tasks.kernel.errors import DataError, UnsupportedError
from tasks.kernel.workspace import Inputs, Metrics, Workspace, domain_inputs
from tasks.models.chat import end_of_turn
from tasks.models.loading import base_identity, load_tokenizer
from tasks.models.precision import STORED
from tasks.records.dataset import Example
from tasks.records.files import read_records, write_json
from tasks.records.training import ADAPTER_CONFIG, WEIGHTS, AdapterSettings, Training, write_training

Pools = dict[str, list[Encoded]]
logger = logging.getLogger(__name__)


def run(inputs: Inputs, config: FinetuneConfig, work: Workspace) -> Metrics:
    """Train, score before and after on validation data, and write the adapter."""
    if refusals := config.refusals():
        raise UnsupportedError("; ".join(refusals))
    base, domains = inputs["base"], domain_inputs(inputs, "qa")
    tokenizer = load_tokenizer(base)
    pools = load_pools(domains, "train", tokenizer, config)
    validation = load_pools(domains, "validation", tokenizer, config, config.validation_examples)
    plan = plan_examples(pools, config.num_epochs, config.token_budget, config.seed)
    logger.info("%d examples, %d of %d tokens", len(plan.sequence), plan.tokens, plan.budget)

    learner = learner_of(base, tokenizer, plan, config)
    before = validation_losses(learner, validation, config)
    trained = train(learner, plan.sequence, config, work.scratch / "checkpoints", work.progress)
    after = validation_losses(learner, validation, config)

    save_adapter(learner.model, work.out)
    record = training_record(base, config, plan, trained, before, after)
    write_training(work.out, record.model_copy(update={"end_of_turn": end_of_turn(tokenizer)}))
    return metrics_of(plan, trained, before, after)


def load_pools(
    domains: dict[str, Path],
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    config: FinetuneConfig,
    limit: int | None = None,
) -> Pools:
    """Read and encode one split of every domain, at most `limit` examples each."""
    if not domains:
        raise DataError("finetune: no `qa/<domain>` input; give the run at least one domain")
    pools = {}
    for domain, folder in domains.items():
        examples = read_records(folder / f"{split}.jsonl", Example)[:limit]
        pools[domain] = encode_examples(examples, domain, tokenizer, config.max_length)
        if left_out := len(examples) - len(pools[domain]):
            logger.warning(
                "%s: %d of %d %s examples exceed `max_length`", domain, left_out, len(examples), split
            )
    return pools


def learner_of(base: Path, tokenizer: PreTrainedTokenizerBase, plan: Plan, config: FinetuneConfig) -> Learner:
    """Load the base with a fresh adapter, and find out how it may read its examples."""
    model = adapted_model(base, config)
    learner = Learner(model, tokenizer, fitting_collator(model, plan.sequence))
    if config.computes_16_bits:
        round_frozen(model)
    return learner


def validation_losses(learner: Learner, validation: Pools, config: FinetuneConfig) -> dict[str, float]:
    """Return each domain's mean answer loss in nats."""
    return {
        domain: answer_loss(learner.model, examples, learner.collate, bfloat16=config.computes_16_bits)
        for domain, examples in validation.items()
    }


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
