"""Pins how examples are read together: as if each were alone, without padding, and only where a model can."""

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, PreTrainedModel

from tasks.finetune.answer_loss import supervised_loss
from tasks.finetune.batches import LONGEST_ROW, by_length, collate, packed, padded, row
from tasks.finetune.config import FinetuneConfig, LoraAdapter
from tasks.finetune.encoding import IGNORED, Encoded
from tasks.finetune.network import adapted_model
from tasks.finetune.packing_trial import fitting_collator

pytestmark = pytest.mark.models

SYSTEM = (3, 4, 5, 6)


def example(question: int, answer: int, first: int = 10) -> Encoded:
    """Return an example of the shared beginning, a question and an answer of so many tokens."""
    prompt = (*SYSTEM, *range(first, first + question), 7)
    answered = tuple(range(first + 50, first + 50 + answer))
    return Encoded("x", prompt + answered, (IGNORED,) * len(prompt) + answered)


EXAMPLES = [example(3, 5), example(9, 2, 30), example(1, 7, 90)]
ROWS = [row(one) for one in EXAMPLES]


def test_a_packed_row_has_the_losses_and_gradients_of_each_example_alone(base: Path) -> None:
    adapter = LoraAdapter(dropout=0)
    config = FinetuneConfig(compute_dtype="float32", quantization="none", adapter=adapter)
    together, apart = adapted_model(base, config).train(), adapted_model(base, config).train()
    loss = supervised_loss(together, packed(ROWS))
    alone = sum(supervised_loss(apart, padded([one])) for one in ROWS)
    torch.testing.assert_close(loss, alone)
    loss.backward()
    alone.backward()
    for (name, weight), (_, other) in zip(together.named_parameters(), apart.named_parameters(), strict=True):
        if "lora_B" in name:
            torch.testing.assert_close(weight.grad, other.grad)
            assert weight.grad.any(), name


def test_what_all_examples_begin_with_is_read_once() -> None:
    batch = packed(ROWS)
    rests = sum(one.tokens - len(SYSTEM) for one in EXAMPLES)
    width = batch["input_ids"].shape[1]
    assert width % 16 == 0
    assert 0 <= width - (len(SYSTEM) + rests) < 16
    assert batch["input_ids"][0].tolist().count(SYSTEM[-1]) == 1


def test_of_one_question_with_several_answers_each_has_its_own_last_token() -> None:
    rows = [row(example(3, 5)), row(example(3, 6))]
    batch = packed(rows)
    assert batch["input_ids"][0].tolist().count(7) == 2
    assert (batch["labels"] != IGNORED).sum() == 11


def test_examples_that_are_too_long_for_a_row_have_one_each() -> None:
    long = [row(example(20, LONGEST_ROW // 2, first)) for first in (10, 20)]
    assert collate(ROWS)["input_ids"].shape[0] == 1
    assert collate(long)["input_ids"].shape[0] == 2


def test_validation_reads_all_examples_by_length_a_row_at_a_time() -> None:
    examples = [example(1, answer) for answer in (300, 10, 100, 2000, 120, 20)]
    batches = list(by_length(examples))
    assert [one.tokens for batch in batches for one in batch] == sorted(one.tokens for one in examples)
    assert all(len(batch) * batch[-1].tokens <= LONGEST_ROW for batch in batches[:-1])
    assert [len(batch) for batch in batches] == [4, 1, 1]


SMALL = {
    "vocab_size": 259,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,
}


def llama() -> PreTrainedModel:
    return LlamaForCausalLM(LlamaConfig(**SMALL))


def short_sighted() -> PreTrainedModel:
    return MistralForCausalLM(MistralConfig(**SMALL, sliding_window=4))


@pytest.mark.parametrize(("make", "expected"), [(llama, collate), (short_sighted, padded)])
def test_a_model_that_looks_back_only_so_far_reads_every_example_in_its_own_row(
    make: type[PreTrainedModel], expected: object
) -> None:
    torch.manual_seed(1)
    assert fitting_collator(make().eval(), EXAMPLES) is expected
