"""Pins how files of records are read: other versions' are, damaged ones name file, field and remedy."""

from pathlib import Path

import pytest

from tasks.kernel.errors import DataError
from tasks.records.corpus import Passage
from tasks.records.edge import Sizes, read_sizes, write_sizes
from tasks.records.files import RecordError, read_json, read_records
from tasks.records.funnel import read_funnel
from tasks.records.router import read_router_report
from tasks.records.training import read_adapter, read_frozen_base


def write(folder: Path, file: str, text: str) -> Path:
    (folder / file).write_text(text, encoding="utf-8")
    return folder


def test_fields_of_a_later_version_are_passed_over_and_those_of_an_earlier_one_are_none(
    tmp_path: Path,
) -> None:
    found = read_funnel(write(tmp_path, "funnel.json", '{"kept": 3, "weighed": 2, "documents": []}'))
    assert (found.kept, found.surplus, found.rejected) == (3, None, {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"bundle": "big"}', r"sizes\.json: bundle: Input should be a valid integer"),
        ("[]", r"sizes\.json: Input should be an object"),
        ('{"bundle": ', r"sizes\.json: Invalid JSON"),
    ],
)
def test_a_damaged_file_is_named_with_its_field(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(DataError, match=f"{problem}.*; rebuild the stage that writes it"):
        read_sizes(write(tmp_path, "sizes.json", text))


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"training\.json: cannot be read .*; train the adapter again"):
        read_frozen_base(tmp_path)


def test_a_place_in_a_list_is_named(tmp_path: Path) -> None:
    rows = '[{"page": 1}, {"page": "one"}]'
    with pytest.raises(DataError, match=r"rows\.json: 1\.page: Input should be a valid integer"):
        read_json(write(tmp_path, "rows.json", rows) / "rows.json", list[dict[str, int]])


def test_a_candidate_without_figures_is_a_damaged_router(tmp_path: Path) -> None:
    figures = '"accuracy": 1, "macro_f1": 1, "questions": 1, "report": {}, "labels": [], "confusion": []'
    notes = '{"best": {"candidates": [{"kind": "tfidf"}]}}'
    with pytest.raises(DataError, match=r"report\.json: "):
        read_router_report(write(tmp_path, "report.json", f'{{{figures}, "notes": {notes}}}'))


def test_weights_that_are_cut_off_are_named(tmp_path: Path) -> None:
    write(tmp_path, "adapter_config.json", '{"peft_type": "LORA", "r": 4}')
    (tmp_path / "adapter_model.safetensors").write_bytes(b"\xff" * 9)
    with pytest.raises(DataError, match=r"adapter_model\.safetensors: no safetensors file"):
        read_adapter(tmp_path)


def test_the_sizes_of_a_later_step_replace_an_earlier_ones(tmp_path: Path) -> None:
    write_sizes(tmp_path, Sizes(adapter=1, merged_bf16=2) | Sizes(merged_bf16=3, bundle=4))
    assert (tmp_path / "sizes.json").read_text().split() == [
        *("{", '"adapter":', "1,", '"bundle":', "4,", '"merged_bf16":', "3", "}")
    ]


def test_a_line_of_records_allows_no_unknown_field(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"passages\.jsonl:1: "):
        read_records(
            write(tmp_path, "passages.jsonl", '{"id": "a", "colour": 1}') / "passages.jsonl", Passage
        )
