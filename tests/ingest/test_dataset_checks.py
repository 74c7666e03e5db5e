"""Pins what a data set's answers are checked with, from its columns to the example."""

import json

import pytest
from pydantic import ValidationError

from tasks.ingest.config import DatasetMapping
from tasks.ingest.datasets.examples import map_rows
from tasks.ingest.datasets.rows import Rows
from tasks.records.dataset import Example

ROW = {
    "text": "Add two numbers.",
    "code": "def add(a, b): return a + b",
    "test_setup": "",
    "test_list": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"],
    "schema": {"type": "object"},
}


def mapped(**checks: str) -> Example:
    mapping = DatasetMapping(hub="some/set", question="text", answer="code", checks=checks)  # type: ignore[arg-type]
    (example,) = map_rows([Rows("some/set", "train", "row", ((1, ROW),))], mapping).examples.values()
    return example


def test_checks_are_columns_or_templates() -> None:
    tests = "assert add(1, 2) == 3\nassert add(0, 0) == 0"
    assert (
        mapped(tests="test_list").checks
        == mapped(tests="{test_setup}\n{test_list}").checks
        == {"tests": tests}
    )
    assert mapped(prompt="# {text}").checks == {"prompt": "# Add two numbers."}


def test_a_schema_that_is_a_mapping_is_json() -> None:
    assert json.loads(mapped(schema="schema").checks["schema"]) == {"type": "object"}


def test_an_example_without_checks_is_written_as_ever() -> None:
    assert "checks" not in mapped().model_dump_json()
    example = mapped(tests="test_list")
    assert Example.model_validate_json(example.model_dump_json()) == example


def test_a_check_that_nobody_knows_and_a_template_with_odd_braces_are_refused() -> None:
    for checks in ({"test": "test_list"}, {"tests": "{test_list"}):
        with pytest.raises(ValidationError, match="checks"):
            mapped(**checks)
