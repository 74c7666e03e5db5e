"""A saved tokenizer keeps the SentencePiece model that it is made of, and no path that it came from."""

import json
from pathlib import Path

import pytest
from tiny_task import save_gemma_like

from tasks.models.loading import load_tokenizer, save_tokenizer
from tasks.models.tiny import byte_tokenizer

pytestmark = pytest.mark.slow


def saved(source: Path, target: Path) -> dict[str, bytes]:
    save_tokenizer(source, target)
    return {file.name: file.read_bytes() for file in target.iterdir()}


def test_sentencepiece_model_goes_along_and_no_path_does(tmp_path) -> None:
    source = tmp_path / "source"
    save_gemma_like(source)
    files = saved(source, tmp_path / "target")
    assert files["tokenizer.model"] == (source / "tokenizer.model").read_bytes()
    assert not [name for name, content in files.items() if str(tmp_path).encode() in content]
    assert "vocab_file" not in json.loads(files["tokenizer_config.json"])


def test_saved_tokenizer_saves_the_same_and_reads_the_same(tmp_path) -> None:
    source, first = tmp_path / "source", tmp_path / "first"
    save_gemma_like(source)
    assert saved(source, first) == saved(first, tmp_path / "second")
    text = "Why does rain fall?<end_of_turn>\n"
    assert load_tokenizer(first)(text)["input_ids"] == load_tokenizer(source)(text)["input_ids"]


def test_tokenizer_without_one_is_saved_as_before(tmp_path) -> None:
    source = tmp_path / "source"
    byte_tokenizer().save_pretrained(source)
    load_tokenizer(source).save_pretrained(tmp_path / "before")
    before = {file.name: file.read_bytes() for file in (tmp_path / "before").iterdir()}
    assert saved(source, tmp_path / "target") == before
