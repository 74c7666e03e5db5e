"""What is trained, and what it is trained on.

In: a base model with a fresh adapter, encoded examples. Out: two values that the loop and its
validations share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from tasks.finetune.answer_loss import answer_loss
from tasks.finetune.batches import Collator
from tasks.finetune.encoding import Encoded

Pools = Mapping[str, Sequence[Encoded]]
"""Examples by domain."""


@dataclass(frozen=True)
class Learner:
    """A model, and how it reads text."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    collate: Collator
    bfloat16: bool
    """Whether matrix products are in 16 bits."""

    def losses(self, pools: Pools) -> dict[str, float]:
        """Return each domain's mean answer loss in nats."""
        return {
            domain: answer_loss(self.model, examples, self.collate, bfloat16=self.bfloat16)
            for domain, examples in pools.items()
        }


@dataclass(frozen=True)
class Lesson:
    """The examples in training order, and those that are only asked."""

    sequence: Sequence[Encoded]
    validation: Pools
