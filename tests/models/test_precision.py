"""Precision: what a record says is how the weights are held, and asking a model does not change them."""

from pathlib import Path
from typing import Literal

import pytest
import torch

from tasks.models.loading import load_model
from tasks.models.precision import load_held, unpack_on_cpu
from tasks.models.sources import TinyModel
from tasks.records.training import FrozenBase

pytestmark = pytest.mark.models
LAYER = "model.layers.0.mlp.up_proj"
PROMPT = torch.tensor([[1, 40, 41, 42]])


def held(quantization: Literal["nf4", "none"], *, double: bool = True) -> FrozenBase:
    return FrozenBase(quantization=quantization, double_quantization=double, compute_dtype="float32")


@pytest.fixture(scope="module")
def base() -> Path:
    return TinyModel().folder()


@pytest.mark.parametrize("double", [False, True])
def test_4_bit_layers_are_nf4_with_scales_as_recorded(base: Path, *, double: bool) -> None:
    layer = load_held(base, held("nf4", double=double)).get_submodule(LAYER)
    state = layer.weight.quant_state
    assert (state.quant_type, state.nested, layer.compute_dtype) == ("nf4", double, torch.float32)


def test_a_base_that_is_not_quantized_keeps_the_type_that_it_is_stored_in(base: Path, tmp_path: Path) -> None:
    load_model(base, torch.bfloat16).save_pretrained(tmp_path)
    plain = FrozenBase(quantization="none", double_quantization=True, compute_dtype="bfloat16")
    for folder, stored in ((base, torch.float32), (tmp_path, torch.bfloat16)):
        assert {weight.dtype for weight in load_held(folder, plain).parameters()} == {stored}


def test_what_computes_in_32_bits_is_held_in_32_bits(base: Path, tmp_path: Path) -> None:
    load_model(base, torch.bfloat16).save_pretrained(tmp_path)
    assert {weight.dtype for weight in load_held(tmp_path, held("none")).parameters()} == {torch.float32}


def test_asking_leaves_the_4_bit_weights_as_they_were(base: Path) -> None:
    model = load_held(base, held("nf4"))
    before = model.get_submodule(LAYER).weight.data.clone()
    with torch.inference_mode():
        model(input_ids=PROMPT)
    assert torch.equal(model.get_submodule(LAYER).weight.data, before)


def test_unpacked_weights_answer_like_the_packed_ones(base: Path) -> None:
    packed, unpacked = load_held(base, held("nf4")), load_held(base, held("nf4"))
    unpack_on_cpu(unpacked, held("nf4"))
    with torch.inference_mode():
        torch.testing.assert_close(
            unpacked(input_ids=PROMPT).logits, packed(input_ids=PROMPT).logits, atol=1e-5, rtol=1e-4
        )
        exact = load_held(base, held("none"))(input_ids=PROMPT).logits
    assert not torch.allclose(packed(input_ids=PROMPT).logits, exact, atol=1e-3)
