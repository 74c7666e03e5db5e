"""The arithmetic of a merge, in float32.

In: a `MergePlan`. Out: the model as it was trained, and the same function as one plain
model. Quantizing again after adding the update would lose most of it, so the base is read
back from 4 bits once and stays in 16 bits.
"""

from collections.abc import Iterator
from typing import cast

import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn.modules import Linear4bit, Params4bit
from peft import PeftModel
from transformers import BitsAndBytesConfig, PreTrainedModel

from tasks.merge.plan import MergePlan
from tasks.models.loading import load_model


def trained_base(plan: MergePlan) -> PreTrainedModel:
    """Load the base as training held it: quantized by the same rule from the same type."""
    if not plan.quantized:
        return load_model(plan.base, plan.dtype)
    settings = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=plan.double_quantization,
        bnb_4bit_compute_dtype=plan.dtype,
    )
    model = load_model(plan.base, plan.dtype, quantization_config=settings)
    for _, module in quantized_layers(model):
        # On CPUs with AVX512-BF16 bitsandbytes would repack the weights and round their scales.
        module.support_avx512bf16_for_cpu = False
    return model


def quantized_layers(model: torch.nn.Module) -> Iterator[tuple[str, Linear4bit]]:
    """Yield the 4-bit layers by name."""
    return ((name, module) for name, module in model.named_modules() if isinstance(module, Linear4bit))


@torch.no_grad()
def dequantized(plan: MergePlan, trained: PreTrainedModel) -> PreTrainedModel:
    """Return a float32 model with exactly the weights of `trained`, 4-bit layers read back."""
    plain = load_model(plan.base, plan.dtype)
    plain.float()
    for name, module in quantized_layers(trained):
        packed = cast("Params4bit", module.weight)
        weight = dequantize_4bit(packed.data, packed.quant_state)
        plain.get_parameter(f"{name}.weight").copy_(weight)
    return plain


def with_adapter(plan: MergePlan, base: PreTrainedModel) -> PeftModel:
    """Put the trained adapter on `base`."""
    return PeftModel.from_pretrained(base, str(plan.adapter)).eval()


def folded(plan: MergePlan, base: PreTrainedModel) -> PreTrainedModel:
    """Add the adapter's update to the float32 weights of `base` and return them in bfloat16."""
    merged: PreTrainedModel = with_adapter(plan, base).merge_and_unload(safe_merge=True)
    merged.bfloat16()
    return merged
