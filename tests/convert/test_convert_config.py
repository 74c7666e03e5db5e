"""Config: what cannot be converted is refused by name, and a recipe's name is the object it means."""

import pytest
from pydantic import ValidationError

from tasks.convert.config import ConvertConfig
from tasks.models.int4 import Int4


def test_recipe_name_and_object_are_one_value() -> None:
    named = ConvertConfig.model_validate({"quantization": "dynamic_int4_block128"})
    assert named == ConvertConfig(quantization=Int4(block_size=128))


def test_recipe_without_block_size_leaves_it_open() -> None:
    assert ConvertConfig.model_validate({"quantization": "dynamic_int4"}) == ConvertConfig()


@pytest.mark.parametrize("name", ["dynamic_int8", "dynamic_int4_block", "dynamic_int4_block128_x"])
def test_unknown_recipe_is_refused_with_the_known_ones(name) -> None:
    with pytest.raises(ValidationError, match=f"{name}.*dynamic_int4_block128"):
        ConvertConfig.model_validate({"quantization": name})


def test_recipe_with_unknown_block_size_is_refused() -> None:
    with pytest.raises(ValidationError, match="block_size"):
        ConvertConfig.model_validate({"quantization": "dynamic_int4_block48"})


def test_reference_system_validates_and_nothing_is_refused() -> None:
    config = ConvertConfig.model_validate(
        {
            "quantization": "dynamic_int4_block128",
            "prefill_lengths": [1024],
            "cache_length": 2048,
            "formats": ["task", "litertlm"],
        }
    )
    assert not config.refusals()
    assert not ConvertConfig().refusals()


def test_task_without_a_whole_model_is_refused_with_the_form_that_has_one() -> None:
    (refusal,) = ConvertConfig(formats=("litertlm", "task"), form="shared").refusals()
    assert refusal.startswith("`formats`")
    assert "form: both" in refusal


def test_shared_base_does_not_depend_on_what_whole_models_ship_as() -> None:
    assert ConvertConfig(formats=("litertlm", "task")).of_base() == ConvertConfig().of_base()


def test_prompt_longer_than_context_is_refused() -> None:
    with pytest.raises(ValidationError, match="512 exceeds cache_length 256"):
        ConvertConfig(prefill_lengths=(128, 512), cache_length=256)


@pytest.mark.parametrize("field", [{"prefill_lengths": (64, 64)}, {"formats": ("litertlm", "litertlm")}])
def test_repeated_value_is_refused(field) -> None:
    with pytest.raises(ValidationError, match="repeated"):
        ConvertConfig.model_validate(field)
