"""The frozen base with a fresh adapter on it.

In: a base model's folder and the config. Out: a PEFT model ready to train. Whatever is not
quantized is held in the compute dtype; the adapter itself in float32, because steps at
usual learning rates vanish in bfloat16.
"""

from pathlib import Path
from typing import assert_never

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import BitsAndBytesConfig, PreTrainedModel

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
from tasks.models.loading import load_model

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


def adapted_model(base: Path, config: FinetuneConfig) -> PeftModel:
    """Load `base` as configured and put an untrained adapter on it, drawn by the seed."""
    model = load_frozen(base, config)
    settings = adapter_settings(config.adapter)
    check_targets(model, set(settings.target_modules or ()))
    torch.manual_seed(config.seed)
    return get_peft_model(model, settings)


def load_frozen(base: Path, config: FinetuneConfig) -> PreTrainedModel:
    """Load the base, quantized if so configured, on the GPU where there is one."""
    options: dict[str, object] = {"attn_implementation": "sdpa"}
    if torch.cuda.is_available():
        options["device_map"] = {"": torch.cuda.current_device()}
    if config.quantization == "nf4":
        options["quantization_config"] = nf4_settings(config)
    model = load_model(base, DTYPES[config.compute_dtype], **options)
    keep_autograd(model)
    return model


def nf4_settings(config: FinetuneConfig) -> BitsAndBytesConfig:
    """Return the settings of a QLoRA base (arXiv:2305.14314)."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=config.double_quantization,
        bnb_4bit_compute_dtype=DTYPES[config.compute_dtype],
    )


def keep_autograd(model: torch.nn.Module) -> None:
    """Keep bitsandbytes from repacking 4-bit weights in evaluation mode on CPUs with AVX512-BF16.

    The repacked layers have no gradient and round their scales, so that training after an
    evaluation would go wrong without a word.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010  torch types no attributes


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
