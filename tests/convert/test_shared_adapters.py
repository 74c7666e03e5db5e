"""Adapters for a shared base: what is stored is the update, and what cannot be applied is refused by name."""

import re

import numpy as np
import pytest
import torch

from tasks.convert.shared.adapter import PeftSettings, converted, refusal
from tasks.convert.shared.projections import adapt
from tasks.kernel.errors import ModelError, UnsupportedError
from tasks.records.shared import AdapterInputs, ProjectionInputs

pytestmark = pytest.mark.slow

MODULE = "model.layers.0.self_attn.q_proj"
NAMES = ProjectionInputs(module=MODULE, a="a", b="b", scale="s", width=24, outputs=40)
RUNTIME = re.compile(r"lora_atten_(q|k|v|o)_(a|b)_prime_weight_\d+")
"""The names that LiteRT-LM binds; it passes over every other one."""


def taken(dtype: str = "int8", rank: int = 16) -> AdapterInputs:
    return AdapterInputs.model_validate({"rank": rank, "dtype": dtype, "projections": [NAMES]})


def weights(module: str = MODULE, rank: int = 4) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    stem = f"base_model.model.{module}"
    return {f"{stem}.lora_A.weight": torch.randn(rank, 24), f"{stem}.lora_B.weight": torch.randn(40, rank)}


def update(settings: PeftSettings, inputs: AdapterInputs) -> np.ndarray:
    stored = converted(weights(), settings, inputs)
    return (stored["a"] * stored["s"]) @ stored["b"]


@pytest.mark.parametrize(("dtype", "error"), [("float32", 1e-6), ("int8", 0.01)])
@pytest.mark.parametrize("rslora", [False, True])
def test_what_is_stored_is_the_scaled_update(dtype: str, error: float, rslora: bool) -> None:
    settings = PeftSettings(peft_type="LORA", r=4, lora_alpha=8, use_rslora=rslora)
    down, up = weights().values()
    wanted = (up @ down).T.numpy() * (8 / 2 if rslora else 8 / 4)
    assert np.abs(update(settings, taken(dtype)) - wanted).max() <= error * np.abs(wanted).max()


def test_a_smaller_rank_is_padded_and_of_the_dtype_that_the_base_takes() -> None:
    stored = converted(weights(), PeftSettings(peft_type="LORA", r=4, lora_alpha=8), taken(rank=32))
    assert [stored[name].shape for name in "abs"] == [(24, 32), (32, 40), (32,)]
    assert [stored[name].dtype for name in "abs"] == [np.int8, np.int8, np.float32]
    assert not stored["a"][:, 4:].any()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"peft_type": "LORA", "use_dora": True, "r": 4},
            "cannot apply the kind dora; use `convert.form: merged`",
        ),
        ({"peft_type": "LOKR"}, "cannot apply the kind lokr; use `convert.form: merged`"),
        ({"peft_type": "LORA", "r": 64}, "its rank is 64, and the shared base takes 16"),
        ({"peft_type": "LORA", "r": 4, "rank_pattern": {"q_proj": 8}}, "ranks of their own"),
        ({"peft_type": "LORA", "r": 16}, ""),
    ],
)
def test_what_the_runtime_cannot_apply_is_refused_by_name(settings: dict[str, object], sentence: str) -> None:
    found = refusal(PeftSettings.model_validate(settings), taken())
    assert sentence in found
    assert bool(sentence) == bool(found)


def test_a_layer_that_takes_no_update_is_named() -> None:
    settings = PeftSettings(peft_type="LORA", r=4, lora_alpha=8)
    with pytest.raises(UnsupportedError, match=r"the adapter changes lm_head, where.*convert\.form: merged"):
        converted(weights("lm_head"), settings, taken())
    trained = {"base_model.model.lm_head.weight": torch.zeros(2, 2)}
    with pytest.raises(UnsupportedError, match=r"lm_head\.weight is no low-rank update"):
        converted(trained, settings, taken())


def tiny() -> torch.nn.Module:
    from tasks.models.loading import load_model
    from tasks.models.sources import TinyModel

    return load_model(TinyModel().folder(), torch.float32)


def test_every_projection_has_inputs_of_its_own_that_the_runtime_binds() -> None:
    found = adapt(tiny(), 16, "int8").projections
    names = [name for one in found for name in (one.a, one.b, one.scale)]
    assert len(found) == 2 * 7
    assert len(set(names)) == len(names)
    assert all(RUNTIME.fullmatch(name) for name in names)


def test_an_adapted_model_says_the_same_until_it_is_given_an_update() -> None:
    plain, adapted = tiny(), tiny()
    [first, *_] = adapt(adapted, 16, "float32").projections
    ids = torch.arange(9).unsqueeze(0)
    with torch.no_grad():
        assert torch.equal(adapted(ids).logits, plain(ids).logits)
        layer = adapted.get_submodule(first.module)
        for buffer in (layer.a, layer.b, layer.scale):
            buffer.normal_()
        assert not torch.allclose(adapted(ids).logits, plain(ids).logits)


def test_a_base_without_such_projections_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"no layer with projections named q_proj, .*`convert\.form: merged`"
    ):
        adapt(torch.nn.Sequential(torch.nn.Linear(2, 2)), 16, "int8")
