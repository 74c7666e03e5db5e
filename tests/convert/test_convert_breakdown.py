"""Breakdown: every byte of a bundle is in one row, and each tensor in its part of the model."""

from types import SimpleNamespace

import pytest

from tasks.convert.breakdown import StoredTensor, Use, account, buffer_bytes, group_of
from tasks.convert.bundle_file import Section
from tasks.records.edge import ByteGroup

LAYER = "Prefill/model/LlamaModel_model/LlamaDecoderLayer_0"
STORED = [
    StoredTensor("mlp", "int4", 400),
    StoredTensor("mlp", "int4", 200),
    StoredTensor("mlp", "float16 scales", 30, 0),
    StoredTensor("embedding and head", "int8", 250),
]
SECTIONS = [
    Section("LlmMetadataProto", 100, 140),
    Section("TFLiteModel", 200, 1200),
    Section("HF_Tokenizer_Zlib", 1300, 1350),
]


def test_rows_add_up_to_the_bundle() -> None:
    assert sum(row.bytes for row in account(STORED, SECTIONS, 1360)) == 1360


def test_what_the_model_holds_besides_tensors_is_its_graph() -> None:
    rows = {(row.group, row.dtype): row for row in account(STORED, SECTIONS, 1360)}
    assert rows["graph", "flatbuffer"].bytes == 1000 - 880
    assert rows["header and padding", "bytes"].bytes == 1360 - 1000 - 40 - 50


def test_equal_parts_are_one_row_and_scales_are_no_tensors() -> None:
    rows = {(row.group, row.dtype): row for row in account(STORED, SECTIONS, 1360)}
    assert rows["mlp", "int4"] == ByteGroup(group="mlp", dtype="int4", bytes=600, tensors=2)
    assert rows["mlp", "float16 scales"].tensors == 0


def test_biggest_rows_come_first() -> None:
    sizes = [row.bytes for row in account(STORED, SECTIONS, 1360)]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("uses", "group"),
    [
        ([Use("FULLY_CONNECTED", f"{LAYER}/LlamaMLP_mlp/Linear_down_proj;")], "mlp"),
        (
            [Use("FULLY_CONNECTED", f"{LAYER}/LlamaAttention_self_attn;;{LAYER}/x/Linear_k_proj;")],
            "attention",
        ),
        ([Use("STABLEHLO_COMPOSITE", f"{LAYER}/RMSNorm_post_attention_layernorm")], "norms"),
        ([Use("MUL", f"{LAYER}/LlamaAttention_self_attn;4")], "constants"),
        ([Use("EMBEDDING_LOOKUP", "model/Embedding_embed_tokens;2")], "embedding"),
        ([Use("FULLY_CONNECTED", "decode_logits_output")], "head"),
        (
            [Use("EMBEDDING_LOOKUP", "x"), Use("FULLY_CONNECTED", "decode_logits_output")],
            "embedding and head",
        ),
        ([], "constants"),
    ],
)
def test_a_constant_belongs_to_the_module_that_takes_it(uses, group) -> None:
    assert group_of(uses) == group


def test_buffers_inside_and_behind_the_flatbuffer_count_alike() -> None:
    inside, behind = (
        SimpleNamespace(data=b"1234", offset=0, size=0),
        SimpleNamespace(data=None, offset=9, size=4),
    )
    assert buffer_bytes(inside) == buffer_bytes(behind) == 4
    assert buffer_bytes(SimpleNamespace(data=None, offset=0, size=0)) == 0
