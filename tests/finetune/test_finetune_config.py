"""Pins the fine-tuning config: what a run has saved, independent fields, refusals by name."""

import pytest
from pydantic import ValidationError

from tasks.finetune.config import FinetuneConfig


@pytest.mark.parametrize("written", [{}, {"adapter": {"kind": "dora", "rank": 4}}, {"token_budget": 4000}])
def test_a_recipe_that_a_run_has_saved_is_the_same_when_it_goes_on(written: dict[str, object]) -> None:
    config = FinetuneConfig.model_validate(written)
    saved = config.model_dump_json()
    assert FinetuneConfig.model_validate_json(saved) == config
    assert (config == FinetuneConfig()) is (not written)


@pytest.mark.parametrize("quantization", ["nf4", "none"])
@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_quantization_and_adapter_are_independent(quantization: str, kind: str) -> None:
    config = FinetuneConfig.model_validate({"quantization": quantization, "adapter": {"kind": kind}})
    assert config.refusals() == []


LATER = [
    {"kind": "ia3", "soft_prompt_tokens": 8},
    {"kind": "lokr", "rank": 16, "factor": 8},
    {
        "kind": "tiered",
        "simple": {"adapter": {"kind": "ia3", "soft_prompt_tokens": 8}},
        "moderate": {"adapter": {"kind": "dora"}, "ranks": [8, 16]},
        "complex": {"adapter": {"kind": "lokr"}, "ranks": [16, 32]},
    },
]


@pytest.mark.parametrize("adapter", LATER, ids=lambda adapter: str(adapter["kind"]))
def test_what_is_not_built_validates_and_is_refused_by_name(adapter: dict[str, object]) -> None:
    (refusal,) = FinetuneConfig.model_validate({"adapter": adapter}).refusals()
    assert refusal.startswith(f"`adapter.kind`: {adapter['kind']} is not built yet; ")
    assert refusal.endswith("meanwhile")


@pytest.mark.parametrize(
    "wrong", [{"learning_rat": 1e-4}, {"adapter": {"kind": "lora", "rank": 0}}, {"quantization": "int8"}]
)
def test_unknown_fields_and_values_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FinetuneConfig.model_validate(wrong)
