"""Block size: the largest that divides every quantized layer, else an error with layer and remedy."""

import json
import struct

import pytest

from tasks.kernel.errors import ConfigError, ModelError
from tasks.models.int4 import (
    ROWS,
    BlockSizeError,
    Grid,
    Int4,
    Layer,
    block_size,
    blocked_layers,
    body_grids,
    fitting,
)

SHAPES = {
    "model.embed_tokens.weight": (100, 96),
    "model.layers.0.input_layernorm.weight": (96,),
    "model.layers.0.mlp.down_proj.weight": (96, 224),
    "model.layers.0.self_attn.q_proj.weight": (96, 64),
    "model.norm.weight": (96,),
}


def widths(*numbers: int) -> list[Layer]:
    return [Layer(f"layer{index}", number) for index, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("layers", "size"), [((576, 1536), 64), ((1152, 1024, 6912), 128), ((64, 96), 32), ((2048,), 128)]
)
def test_auto_takes_the_largest_size_that_divides_all(layers, size) -> None:
    assert fitting(widths(*layers), "auto") == size


def test_configured_size_that_fits_is_kept() -> None:
    assert fitting(widths(1024), 32) == 32


def test_misfit_names_layer_width_and_sizes_that_fit() -> None:
    with pytest.raises(BlockSizeError, match=r"128 does not divide layer layer1.*576 wide.*64 or 32"):
        fitting(widths(1536 * 2, 576), 128)


@pytest.mark.parametrize("wanted", ["auto", 64])
def test_width_that_no_size_divides_is_an_error(wanted) -> None:
    with pytest.raises(ConfigError, match=r"layer1.*40 wide"):
        fitting(widths(64, 40), wanted)


def test_only_matrices_of_the_body_are_cut_into_blocks() -> None:
    assert [layer.width for layer in blocked_layers(SHAPES, Int4())] == [224, 64]


def test_int8_down_projection_is_not_cut() -> None:
    assert [layer.width for layer in blocked_layers(SHAPES, Int4(down_proj="int8"))] == [64]


def test_int4_head_is_cut_and_a_tied_one_is_the_embedding() -> None:
    assert blocked_layers(SHAPES, Int4(head="int4"))[-1].name == "model.embed_tokens.weight"
    untied = SHAPES | {"lm_head.weight": (100, 96)}
    assert blocked_layers(untied, Int4(head="int4"))[-1].name == "lm_head.weight"


def test_a_single_layer_keeps_8_bits_and_its_width_does_not_count() -> None:
    layer = "model.layers.0.mlp.down_proj"
    recipe = Int4(int8_layers=(layer,))
    assert [found.width for found in blocked_layers(SHAPES, recipe)] == [64]
    assert body_grids(SHAPES, recipe, 64) == {
        f"{layer}.weight": ROWS,
        "model.layers.0.self_attn.q_proj.weight": Grid(4, 64),
    }


def test_a_pattern_names_every_layer_that_it_fits() -> None:
    shapes = SHAPES | {"model.layers.1.mlp.down_proj.weight": (64, 96)}
    recipe = Int4(int8_layers=("*.down_proj",))
    assert blocked_layers(shapes, recipe) == blocked_layers(shapes, Int4(down_proj="int8"))


def test_the_same_layers_in_another_order_are_the_same_recipe() -> None:
    assert Int4(int8_layers=("b", "a", "b")) == Int4(int8_layers=("a", "b"))


def test_a_layer_that_is_not_there_is_refused_with_one_that_is() -> None:
    with pytest.raises(ConfigError, match=r"no linear layer model\.norm; .*model\.layers\.0\.mlp\.down_proj"):
        blocked_layers(SHAPES, Int4(int8_layers=("model.norm",)))


def test_an_int4_table_is_cut_once_and_needs_an_int4_head() -> None:
    names = [layer.name for layer in blocked_layers(SHAPES, Int4(embedding="int4", head="int4"))]
    assert names.count("model.embed_tokens.weight") == 1
    untied = blocked_layers(SHAPES | {"lm_head.weight": (100, 96)}, Int4(embedding="int4", head="int4"))
    assert {"model.embed_tokens.weight", "lm_head.weight"} <= {layer.name for layer in untied}
    with pytest.raises(ValueError, match="embedding: int4 needs `head: int4`"):
        Int4(embedding="int4")


def write_header(path, shapes) -> None:
    header = {name: {"dtype": "BF16", "shape": shape} for name, shape in shapes.items()}
    text = json.dumps({"__metadata__": {"format": "pt"}} | header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def test_shapes_are_read_from_all_shards(tmp_path) -> None:
    names = list(SHAPES)
    write_header(tmp_path / "model-1.safetensors", {name: SHAPES[name] for name in names[:3]})
    write_header(tmp_path / "model-2.safetensors", {name: SHAPES[name] for name in names[3:]})
    assert block_size(tmp_path, Int4()) == 32
    with pytest.raises(BlockSizeError, match=r"down_proj.*224"):
        block_size(tmp_path, Int4(block_size=64))


def test_damaged_and_missing_weights_are_named(tmp_path) -> None:
    with pytest.raises(ModelError, match="no safetensors file"):
        block_size(tmp_path, Int4())
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"model\.safetensors: damaged"):
        block_size(tmp_path, Int4())
