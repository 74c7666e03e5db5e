"""Pins the evaluate config: what is not built validates and is refused by name, with a remedy."""

import pytest
from pydantic import ValidationError

from tasks.evaluate.config import EvaluateConfig


def test_the_defaults_can_all_be_measured() -> None:
    assert EvaluateConfig().refusals() == []


@pytest.mark.parametrize("metric", ["pass_at_k", "codebleu", "macro_f1"])
def test_a_name_alone_takes_a_metrics_defaults(metric: str) -> None:
    named, spelled = (EvaluateConfig.model_validate({"metrics": [one]}) for one in (metric, {"kind": metric}))
    assert named == spelled
    assert named.refusals() == []


@pytest.mark.parametrize("metric", ["meteor", "some-team/clarity", "metrics/clarity.py"])
def test_a_module_of_the_library_and_an_own_file_are_names_of_metrics(metric: str) -> None:
    assert EvaluateConfig.model_validate({"metrics": [metric]}).refusals() == []


def test_constrained_decoding_is_refused() -> None:
    (sentence,) = EvaluateConfig(constrained="json_schema").refusals()
    assert "constrained" in sentence


@pytest.mark.parametrize(
    "wrong",
    [
        {"edge_prompts": 0},
        {"confidence": 1.0},
        {"metrics": ["f 1"]},
        {"metrics": [{"kind": "bleu"}]},
        {"metrics": [{"kind": "pass_at_k", "k": 0}]},
        {"promts": 1},
    ],
)
def test_values_out_of_range_and_misspelt_fields_do_not_validate(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EvaluateConfig.model_validate(wrong)
