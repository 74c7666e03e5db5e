"""Layers are told apart by the names that the exporter gives them, whatever it numbers at their end."""

import re

import pytest

from tasks.convert.quantize import DOWN_PROJECTION

LAYER = "LlamaDecoderLayer_0/LlamaMLP_mlp/Linear"


@pytest.mark.parametrize(
    "ending", ["down_proj", "down_proj;", "down_proj;1", "down_proj;12;", "up_proj;down_proj;1;"]
)
def test_a_down_projection_is_known_with_and_without_a_number(ending: str) -> None:
    assert re.search(DOWN_PROJECTION, f"{LAYER}_{ending}")


@pytest.mark.parametrize("ending", ["up_proj;1;", "gate_proj", "down_proj;up_proj;", "down_proj_norm;"])
def test_another_layer_is_not_taken_for_one(ending: str) -> None:
    assert not re.search(DOWN_PROJECTION, f"{LAYER}_{ending}")
