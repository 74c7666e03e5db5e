"""The frozen base with a fresh adapter on it.

In: a base model's folder and the config. Out: a PEFT model ready to train. Only matrix products are
computed in 16 bits; the adapter itself is float32, because steps at usual learning rates vanish in bfloat16.
"""

from pathlib import Path
from typing import assert_never

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear as LoraLinear
from transformers import PreTrainedModel

from tasks.finetune.attention import fitting_attention
from tasks.finetune.config import (
    SEVEN_PROJECTIONS,
    Adapter,
    DoraAdapter,
    FinetuneConfig,
    Ia3Adapter,
    LokrAdapter,
    LoraAdapter,
    LowRank,
    TieredAdapter,
)
from tasks.kernel.errors import ConfigError, UnsupportedError
from tasks.models.precision import gpu_options, load_held


def adapted_model(base: Path, config: FinetuneConfig) -> PeftModel:
    """Load `base` as configured and put an untrained adapter on it, drawn by the seed."""
    model = load_frozen(base, config)
    settings = adapter_settings(config.adapter)
    check_targets(model, set(settings.target_modules or ()))
    torch.manual_seed(config.seed)
    return get_peft_model(model, settings)


def load_frozen(base: Path, config: FinetuneConfig) -> PreTrainedModel:
    """Load the base, quantized if so configured, on the GPU where there is one."""
    return load_held(base, config, attn_implementation=fitting_attention(), **gpu_options())


def round_frozen(model: PeftModel) -> None:
    """Round the weights below a LoRA to bfloat16 once, as autocast does at every step: the same, cheaper.

    DoRA needs them as they are: it takes the norms of their columns. Others are copied, because the file that
    they are read from stays in memory as long as one of them is a part of it.
    """
    below = {
        id(module.get_base_layer().weight)
        for module in model.modules()
        if isinstance(module, LoraLinear) and not any(module.use_dora.values())
    }
    for weight in model.parameters():
        if id(weight) in below:
            weight.data = weight.data.to(torch.bfloat16)
        elif not weight.requires_grad:
            weight.data = weight.data.clone()


def adapter_settings(adapter: Adapter) -> LoraConfig:
    """Return PEFT's settings for the adapter; raise UnsupportedError for kinds that are not built."""
    match adapter:
        case LoraAdapter():
            return _low_rank(adapter, use_dora=False)
        case DoraAdapter():
            return _low_rank(adapter, use_dora=True)
        case Ia3Adapter() | LokrAdapter() | TieredAdapter():
            raise UnsupportedError(FinetuneConfig(adapter=adapter).refusals()[0])
        case _:
            assert_never(adapter)


def check_targets(model: torch.nn.Module, targets: set[str]) -> None:
    """Raise ConfigError where a target module is not in the model: PEFT would skip it silently."""
    linear = {
        name.rpartition(".")[2] for name, module in model.named_modules() if hasattr(module, "in_features")
    }
    if missing := sorted(targets - linear):
        raise ConfigError(
            f"`adapter.target_modules`: the base model has no {', '.join(missing)};"
            f" name some of {', '.join(sorted(linear - {'lm_head'}))}"
        )


def _low_rank(adapter: LowRank, *, use_dora: bool) -> LoraConfig:
    targets = SEVEN_PROJECTIONS if adapter.target_modules == "all-linear" else adapter.target_modules
    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=list(targets),
        use_dora=use_dora,
        bias="none",
        task_type="CAUSAL_LM",
    )
