"""Pins the model under training: scoring leaves it as it was, and the adapter is exact."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel

from tasks.finetune.answer_loss import answer_loss, supervised_loss
from tasks.finetune.attention import fitting_attention
from tasks.finetune.batches import Collator, collate, packed, padded, row
from tasks.finetune.config import DoraAdapter, FinetuneConfig, LoraAdapter
from tasks.finetune.encoding import Encoded
from tasks.finetune.network import adapted_model, round_frozen

pytestmark = pytest.mark.models

EXAMPLES = [Encoded("x", tuple(range(3, 3 + n)), (-100, *range(4, 3 + n))) for n in (5, 9, 12)]
CONFIG = FinetuneConfig(compute_dtype="float32")
PLAIN = FinetuneConfig(compute_dtype="float32", quantization="none", adapter=LoraAdapter(dropout=0))
FACTOR = "base_model.model.model.layers.0.mlp.up_proj.lora_A.default.weight"


def loss_of(model: PeftModel, examples: list[Encoded] = EXAMPLES, collator: Collator = collate) -> float:
    return answer_loss(model, examples, collator, bfloat16=False)


def test_scoring_leaves_quantized_weights_trainable_through(base: Path) -> None:
    model = adapted_model(base, CONFIG).train()
    layer = model.get_submodule("base_model.model.model.layers.0.mlp.up_proj.base_layer")
    packed = layer.weight.data.clone()
    loss_of(model)
    assert torch.equal(layer.weight.data, packed)
    inputs = torch.randn(1, 3, 64, requires_grad=True)
    layer(inputs).sum().backward()
    assert inputs.grad is not None


def test_scores_do_not_depend_on_how_examples_are_put_together(base: Path) -> None:
    model = adapted_model(base, CONFIG)
    tokens = [sum(label != -100 for label in one.labels) for one in EXAMPLES]
    alone = sum(loss_of(model, [one]) * count for one, count in zip(EXAMPLES, tokens, strict=True))
    together = [loss_of(model, collator=collator) for collator in (packed, padded)]
    assert together == pytest.approx([alone / sum(tokens)] * 2, abs=1e-5)


def test_scoring_counts_only_supervised_tokens(base: Path) -> None:
    model = adapted_model(base, CONFIG)
    half = [Encoded("x", one.input_ids, (-100,) * 3 + one.labels[3:]) for one in EXAMPLES]
    assert loss_of(model, half) != pytest.approx(loss_of(model), abs=1e-4)


def test_an_untrained_adapter_changes_nothing_but_is_drawn_by_seed(base: Path) -> None:
    first, same, other = (adapted_model(base, PLAIN.model_copy(update={"seed": seed})) for seed in (1, 1, 2))
    factors = [model.get_parameter(FACTOR) for model in (first, same, other)]
    assert torch.equal(factors[0], factors[1])
    assert not torch.equal(factors[0], factors[2])
    assert loss_of(first) == pytest.approx(loss_of(other))


def test_rounding_frozen_weights_once_is_what_computing_in_16_bits_does_anyway(base: Path) -> None:
    once, always = adapted_model(base, PLAIN).train(), adapted_model(base, PLAIN).train()
    round_frozen(once)
    for model in (once, always):
        with torch.autocast("cpu", torch.bfloat16):
            supervised_loss(model, packed([row(one) for one in EXAMPLES])).backward()
    layer = once.get_submodule("base_model.model.model.layers.0.mlp.up_proj.base_layer")
    assert layer.weight.dtype == torch.bfloat16
    for (name, weight), (_, same) in zip(once.named_parameters(), always.named_parameters(), strict=True):
        if weight.requires_grad:
            assert weight.dtype == torch.float32, name
            assert torch.equal(weight.grad, same.grad), name


def test_dora_keeps_the_weights_whose_norms_it_takes(base: Path) -> None:
    model = adapted_model(base, PLAIN.model_copy(update={"adapter": DoraAdapter(rank=4, dropout=0)}))
    round_frozen(model)
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_attention_has_the_gradient_of_the_librarys_own(base: Path) -> None:
    batch = padded([row(one) for one in EXAMPLES])
    gradients = []
    for attention in (fitting_attention(), "sdpa"):
        model = adapted_model(base, PLAIN).train()
        model.base_model.model.set_attn_implementation(attention)
        supervised_loss(model, batch).backward()
        gradients.append(model.get_parameter(FACTOR.replace("_A", "_B")).grad)
    torch.testing.assert_close(*gradients)
