"""Attention in 32 bits on processors: its 16-bit backward pass does without their fast instructions.

In: nothing. Out: the name under which transformers finds it. Elsewhere its own `sdpa` is what is asked for.
"""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_NAME = "sdpa_float32"


def fitting_attention() -> str:
    """Return the name of the attention that is fastest here, on any lengths; register it where it is ours."""
    if torch.cuda.is_available():
        return "sdpa"
    AttentionInterface.register(_NAME, _attend)
    AttentionMaskInterface.register(_NAME, sdpa_mask)
    return _NAME


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    with torch.autocast(query.device.type, enabled=False):
        wide = query.float(), key.float(), value.float()
        attended, _ = sdpa_attention_forward(module, *wide, attention_mask, **options)
    return attended.to(query.dtype), None
