"""Pins the config: reference values validate, impossible ones are refused, unbuilt ones are named."""

import pytest
from pydantic import ValidationError

from tasks.generate.config import GenerateConfig
from tasks.models.sources import EmbeddedModel, HubModel

LLAMA = {"source": "hub", "repo": "meta-llama/Llama-3.2-1B-Instruct"}


def test_reference_recipe_validates() -> None:
    config = GenerateConfig.model_validate(
        {
            "teacher": {
                "kind": "transformers",
                "model": LLAMA,
                "mode": "passage",
                "temperature": 0.7,
                "top_p": 0.9,
                "max_new_tokens": 1200,
            },
            "pairs_per_passage": 20,
            "max_passages_per_document": 100,
        }
    )
    assert config.teacher.model == HubModel(repo="meta-llama/Llama-3.2-1B-Instruct", source="hub")


def test_each_teacher_names_its_model() -> None:
    assert GenerateConfig().teacher.model == EmbeddedModel()
    assert GenerateConfig.model_validate({"teacher": {"kind": "scripted"}}).teacher.model is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"min_answer_words": 50}, "at most max_answer_words"),
        ({"test_share": 0.6, "validation_share": 0.4}, "below 1"),
        ({"min_pairs": 20, "min_test_pairs": 20}, "exceed min_test_pairs"),
        ({"pairs": 20}, "Extra inputs"),
    ],
)
def test_impossible_values_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        GenerateConfig.model_validate(values)
