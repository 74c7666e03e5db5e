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
from transformers import PreTrainedModel

from tasks.merge.merge_plan import MergePlan
from tasks.models.loading import load_model
from tasks.models.precision import STORED, held_type, load_held


def trained_base(plan: MergePlan) -> PreTrainedModel:
    """Load the base as training held it: quantized by the same rule from the same type."""
    return load_held(plan.base, plan.trained)


def quantized_layers(model: torch.nn.Module) -> Iterator[tuple[str, Linear4bit]]:
    """Yield the 4-bit layers by name."""
    return ((name, module) for name, module in model.named_modules() if isinstance(module, Linear4bit))


@torch.no_grad()
def dequantized(plan: MergePlan, trained: PreTrainedModel) -> PreTrainedModel:
    """Return a float32 model with exactly the weights of `trained`, 4-bit layers read back."""
    plain = load_model(plan.base, held_type(plan.base, plan.trained))
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
    """Add the adapter's update to the float32 weights of `base` and return them as they are stored."""
    merged: PreTrainedModel = with_adapter(plan, base).merge_and_unload(safe_merge=True)
    cast("torch.nn.Module", merged).to(STORED)
    return merged
