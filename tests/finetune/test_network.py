"""Pins the model under training: scoring leaves it as it was, and the adapter is exact."""

from pathlib import Path

import pytest
import torch

from tasks.finetune.answer_loss import answer_loss
from tasks.finetune.config import FinetuneConfig
from tasks.finetune.encoding import Encoded
from tasks.finetune.network import adapted_model

pytestmark = pytest.mark.models

EXAMPLES = [Encoded("x", tuple(range(3, 3 + n)), (-100, *range(4, 3 + n))) for n in (5, 9, 12)]
CONFIG = FinetuneConfig(compute_dtype="float32")


def test_scoring_leaves_quantized_weights_trainable_through(base: Path) -> None:
    model = adapted_model(base, CONFIG).train()
    layer = model.get_submodule("base_model.model.model.layers.0.mlp.up_proj.base_layer")
    packed = layer.weight.data.clone()
    answer_loss(model, EXAMPLES, batch_size=2)
    assert torch.equal(layer.weight.data, packed)
    inputs = torch.randn(1, 3, 64, requires_grad=True)
    layer(inputs).sum().backward()
    assert inputs.grad is not None


def test_scores_do_not_depend_on_the_batch_size(base: Path) -> None:
    model = adapted_model(base, CONFIG)
    losses = [answer_loss(model, EXAMPLES, size) for size in (1, 2, 3)]
    assert losses == pytest.approx([losses[0]] * 3, abs=1e-5)


def test_scoring_counts_only_supervised_tokens(base: Path) -> None:
    model = adapted_model(base, CONFIG)
    half = [Encoded("x", one.input_ids, (-100,) * 3 + one.labels[3:]) for one in EXAMPLES]
    assert answer_loss(model, half, 2) != pytest.approx(answer_loss(model, EXAMPLES, 2), abs=1e-4)


def test_an_untrained_adapter_changes_nothing_but_is_drawn_by_seed(base: Path) -> None:
    plain = FinetuneConfig(compute_dtype="float32", quantization="none")
    first, same, other = (adapted_model(base, plain.model_copy(update={"seed": seed})) for seed in (1, 1, 2))
    name = "base_model.model.model.layers.0.mlp.up_proj.lora_A.default.weight"
    factors = [model.get_parameter(name) for model in (first, same, other)]
    assert torch.equal(factors[0], factors[1])
    assert not torch.equal(factors[0], factors[2])
    assert answer_loss(first, EXAMPLES, 3) == pytest.approx(answer_loss(other, EXAMPLES, 3))
