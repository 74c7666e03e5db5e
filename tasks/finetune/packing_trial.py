"""Whether a model can read several examples in one row, tried instead of looked up.

In: a model with its fresh adapter, and what it learns from. Out: the collator for training and validation.
Layers that count places by themselves, look back only so far or hold a state let examples see each other, or
a part of themselves less; then every example has a row of its own.
"""

import logging
from collections.abc import Sequence

import torch
from peft import PeftModel

from tasks.finetune.answer_loss import on_device, supervised_loss
from tasks.finetune.batches import (
    LONGEST_ROW,
    Batch,
    Collator,
    Row,
    collate,
    packed,
    padded,
    row,
    shared_beginning,
)
from tasks.finetune.encoding import IGNORED, Encoded

_ROUNDING = {torch.float32: 1e-4, torch.bfloat16: 5e-2}
"""How far losses may be apart on average, as a share, where sums have another order."""
_SAME = 1e-6
"""And where they have not."""
logger = logging.getLogger(__name__)


def fitting_collator(model: PeftModel, examples: Sequence[Encoded]) -> Collator:
    """Return what packs examples where the model then finds the losses that it finds for each alone."""
    rows = [row(one) for one in _tried(examples)]
    if not rows:
        return padded
    model.eval()
    try:
        mixes = _loses_sight(model, rows) or _sees_others(model, rows)
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        logger.warning("the base model reads no packed rows (%s)", error)
        return padded
    if mixes:
        logger.warning("the base model mixes examples in one row; each is read in its own")
    return padded if mixes else collate


def _loses_sight(model: PeftModel, rows: Sequence[Row]) -> bool:
    """Tell whether a token's loss in one row is another than in several."""
    apart, together = (_losses(model, how(rows)) for how in (padded, packed))
    return _differ(apart, together, _ROUNDING[model.dtype])


def _sees_others(model: PeftModel, rows: Sequence[Row]) -> bool:
    """Tell whether the losses of the last example change with what the first one says."""
    said = slice(shared_beginning(rows), len(rows[0]["input_ids"]))
    batch = packed(rows)
    batch["labels"][0, said] = IGNORED
    changed = {**batch, "input_ids": batch["input_ids"].clone()}
    changed["input_ids"][0, said] = batch["input_ids"][0, said].flip(0)
    return _differ(_losses(model, batch), _losses(model, changed), _SAME)


def _losses(model: PeftModel, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        return supervised_loss(model, on_device(model.device, batch), "none")


def _differ(some: torch.Tensor, others: torch.Tensor, tolerance: float) -> bool:
    return not bool((some - others).abs().mean() <= tolerance * some.mean())


def _tried(examples: Sequence[Encoded]) -> list[Encoded]:
    """Return the two longest that fit into a row, if any do: a limited view shows on long ones."""
    fitting = {one for one in examples if 2 * one.tokens <= LONGEST_ROW}
    longest = sorted(fitting, key=lambda one: (one.tokens, one.input_ids))[-2:]
    return longest if len(longest) != 1 else longest * 2
