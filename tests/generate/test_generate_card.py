"""Pins the data-set card: the folder loads as a data set, and nobody's text can break or leak into it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from generate_account import invented, library
from generate_corpus import workspace
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from tasks.generate.account.card import FIELDS
from tasks.generate.account.page_coverage import read_sources
from tasks.generate.account.tallies import Account
from tasks.generate.account.write import write_dataset
from tasks.generate.config import Budget, GenerateConfig
from tasks.generate.teacher_config import OpenAITeacher, ScriptedTeacher, Teacher
from tasks.records.corpus import Passage
from tasks.records.dataset import DRAWN, SPLITS, Example

PASSAGES = library(2, 8)
HOSTILE = "a|b`c`\n---\nlicense: mit\n# [x](http://evil) <script>*b* $y$ ```\n\n| 1 |"
SECTIONS = (
    *("How they were made", "What became of the pairs", "Splits", "Sources", "Fields"),
    *("Licence", "Known limits", "Files beside"),
)


def card(folder: Path, account: Account, passages: list[Passage], teacher: Teacher, **changes: object) -> str:
    config = GenerateConfig(teacher=teacher).model_copy(update=changes)
    work = workspace(folder)
    write_dataset(work.out, account, passages, read_sources(folder, passages), config)
    return (work.out / "README.md").read_text(encoding="utf-8")


def with_facts(account: Account) -> Account:
    """Give every pair of `recall` its fact, as generation does."""
    facts = {"recall": {"key_fact": "A word."}}
    candidates = [
        one.model_copy(
            update={"example": one.example.model_copy(update=facts.get(str(one.example.split), {}))}
        )
        for one in account.candidates
    ]
    return replace(account, candidates=candidates)


def test_the_card_says_what_how_from_where_and_what_is_known_to_be_wrong(tmp_path: Path) -> None:
    account = invented(PASSAGES, 1)
    text = card(tmp_path, account, PASSAGES, ScriptedTeacher())
    assert tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == SECTIONS
    assert f"| 0.pdf | {'0' * 32} | 9 |" in text
    for split in SPLITS:
        count = sum(one.example.split == split for one in account.candidates)
        assert f"| {split} | {count} |" in text
    for reason in ("ungrounded", "length"):
        count = sum(one.reason == reason for one in account.candidates)
        assert f"| rejected: {reason} | {count} |" in text


def test_every_field_of_a_row_is_described() -> None:
    assert FIELDS.keys() == Example.model_fields.keys()


def test_checks_are_described_where_a_row_has_some(tmp_path: Path) -> None:
    account = invented(PASSAGES, 1)
    first = account.candidates[0]
    checked = first.example.model_copy(update={"checks": {"tests": "assert True"}})
    assert "| checks |" not in card(tmp_path, account, PASSAGES, ScriptedTeacher())
    changed = [first.model_copy(update={"example": checked}), *account.candidates[1:]]
    assert "| checks |" in card(tmp_path, replace(account, candidates=changed), PASSAGES, ScriptedTeacher())


def test_text_of_documents_and_models_breaks_neither_front_matter_nor_tables(tmp_path: Path) -> None:
    hostile = [one.model_copy(update={"document": f"{HOSTILE}{one.document}"}) for one in PASSAGES]
    teacher = OpenAITeacher(base_url="http://127.0.0.1:1/v1", model_name=HOSTILE)
    text = card(tmp_path, invented(hostile, 1), hostile, teacher, personas=[HOSTILE])
    front = DatasetCard(text).data.to_dict()
    assert front["license"] == "unknown"
    assert front["pretty_name"].startswith("Questions and answers on a|b`c` --- license: mit #")
    tokens = MarkdownIt("commonmark").enable("table").parse(text.split("\n---\n", 1)[1])
    headings = [tokens[at + 1].content for at, one in enumerate(tokens) if one.type == "heading_open"]
    assert headings == ["Questions and answers from documents", *SECTIONS]
    kinds = {one.type for token in tokens for one in (token, *(token.children or []))}
    assert not kinds & {"html_block", "html_inline", "link_open", "em_open", "image"}
    rows = [token.type for token in tokens].count("tr_open")
    assert rows == text.count("\n| ") - 4


@pytest.mark.parametrize("stopped", [True, False])
def test_a_budget_that_ended_asking_is_told(tmp_path: Path, stopped: bool) -> None:
    account = next(
        one for one in (invented(PASSAGES, n) for n in range(9)) if bool(one.drafted.stopped_by) == stopped
    )
    told = "at its limit of 30 minutes" in card(tmp_path, account, PASSAGES, ScriptedTeacher())
    assert told == stopped


def test_addresses_and_limits_stay_out(tmp_path: Path) -> None:
    teacher = OpenAITeacher(
        base_url="http://10.1.2.3:8000/v1", model_name="big", api_key_variable="MY_KEY", max_requests=77_123
    )
    text = card(tmp_path, invented(PASSAGES, 1), PASSAGES, teacher, budget=Budget(money=88_321))
    assert "The teacher big" in text
    for private in ("10.1.2.3", "MY_KEY", "77123", "77,123", "88321"):
        assert private not in text


@pytest.mark.models
def test_the_folder_loads_as_a_data_set_with_its_splits(tmp_path: Path, monkeypatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    texts = library(4, 12)
    account = with_facts(invented(texts, 0))
    card(tmp_path, account, texts, ScriptedTeacher())
    cache = str(tmp_path / "cache")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=cache)
    counts = {split: sum(one.example.split == split for one in account.candidates) for split in SPLITS}
    assert counts["recall"] > 0
    assert {split: len(rows) for split, rows in loaded.items()} == {split: counts[split] for split in DRAWN}
    recalled = datasets.load_dataset(str(tmp_path / "out"), "recall", cache_dir=cache)["recall"]
    assert len(recalled) == counts["recall"]
    assert set(recalled.column_names) == set(FIELDS) - {"checks"}
    assert set(loaded["train"].column_names) == set(FIELDS) - {"checks", "key_fact"}
