"""Whether a model can read several examples in one row, tried instead of looked up.

In: a model with its fresh adapter, and what it learns from. Out: the collator for training and validation.
Layers that count places by themselves, look back only so far or hold a state let examples see each other, or
a part of themselves less; then every example has a row of its own.
"""

import logging
from collections.abc import Sequence

import torch
from peft import PeftModel

from tasks.finetune.answer_loss import answer_loss
from tasks.finetune.batches import LONGEST_ROW, Collator, collate, packed, padded
from tasks.finetune.encoding import Encoded

_ROUNDING = {torch.float32: 1e-4, torch.bfloat16: 2e-2}
"""How far two sums of the same terms may be apart, as a share."""
logger = logging.getLogger(__name__)


def fitting_collator(model: PeftModel, examples: Sequence[Encoded]) -> Collator:
    """Return what packs examples where the model then finds the losses that it finds for each alone."""
    tried = _tried(examples)
    apart = answer_loss(model, tried, padded, bfloat16=False)
    together = answer_loss(model, tried, packed, bfloat16=False)
    if abs(together - apart) <= _ROUNDING[model.dtype] * apart:
        return collate
    logger.warning("the base model mixes examples in one row (loss %.4f, apart %.4f)", together, apart)
    return padded


def _tried(examples: Sequence[Encoded]) -> list[Encoded]:
    """Return the longest examples that fit into a row, at most two: a limited view shows on long ones."""
    fitting = [one for one in examples if 2 * one.tokens <= LONGEST_ROW] or list(examples)
    return sorted(dict.fromkeys(fitting), key=lambda one: one.tokens)[-2:]
