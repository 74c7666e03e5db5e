"""Tokenizers as SentencePiece: one with the same tokens passes, any other is refused with a line."""

import json
from pathlib import Path

import pytest
from sentencepiece.sentencepiece_model_pb2 import ModelProto
from tiny_task import in_converter, needs_bundler, save_gemma_like, write_texts

from tasks.convert.mediapipe.form import prepare
from tasks.convert.mediapipe.lines import LINES, check_lines, compared_lines, random_lines
from tasks.convert.mediapipe.pieces import sentencepiece_model
from tasks.kernel.errors import ModelError, StageError
from tasks.models.loading import load_tokenizer
from tasks.models.sources import EmbeddedModel
from tasks.models.tiny import byte_tokenizer

PREPARE = """
import sys
from pathlib import Path
from tasks.convert.mediapipe.form import prepare
from tasks.kernel.errors import PipelineError
root = Path(sys.argv[1])
try:
    prepared = prepare({"merged": Path(sys.argv[2]), "corpus": root / "corpus", "qa": root / "qa"})
except PipelineError as error:
    print("refused:", error)
else:
    (root / "made.model").write_bytes(prepared.model)
"""


@pytest.fixture
def gemma_like(tmp_path) -> Path:
    save_gemma_like(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def texts(tmp_path) -> Path:
    write_texts(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_own_sentencepiece_model_is_taken_as_it_is_and_passes(gemma_like, texts) -> None:
    model, tokenizer = sentencepiece_model(gemma_like), load_tokenizer(gemma_like)
    assert model == (gemma_like / "tokenizer.model").read_bytes()
    lines = compared_lines(tokenizer, "<bos>", texts / "corpus", texts / "qa")
    check_lines(gemma_like, tokenizer, model, lines)


@pytest.mark.slow
def test_model_that_cuts_one_word_otherwise_is_refused_with_the_line(gemma_like, texts) -> None:
    model, tokenizer = ModelProto.FromString(sentencepiece_model(gemma_like)), load_tokenizer(gemma_like)
    next(piece for piece in model.pieces if piece.piece == "▁sun").piece = "▁moon"
    lines = compared_lines(tokenizer, "<bos>", texts / "corpus", texts / "qa")
    shown = r"'The sun is dry\.', where token \d is to be ' sun'; set .*litertlm"
    with pytest.raises(ModelError, match=rf"model: .*differs in 1 of {LINES} lines, first in {shown}"):
        check_lines(gemma_like, tokenizer, model.SerializeToString(), lines)


def test_lines_are_ten_thousand_and_the_domains_come_first(texts) -> None:
    lines = compared_lines(byte_tokenizer(), "", texts / "corpus", texts / "qa")
    assert len(lines) == LINES == 10_000
    assert lines[:4] == [
        "<|im_start|>user\ntrain? Why?<|im_end|>\n<|im_start|>assistant\n",
        "train? Why?",
        "Rain is wet.",
        "The sun is dry.",
    ]


def test_random_lines_are_the_same_each_time_and_of_many_scripts() -> None:
    lines = random_lines(500)
    assert lines == random_lines(500)
    text = "".join(lines)
    for first, last in ("az", "ая", "一龠", "😀😎"):
        assert any(first <= letter <= last for letter in text)


def test_missing_bundler_is_named_with_what_installs_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("POCKETMOE_TASK_PYTHON", str(tmp_path / "python"))
    with pytest.raises(StageError, match=r"python: no interpreter with MediaPipe's bundler.*make task-tools"):
        prepare({"merged": tmp_path})


@needs_bundler
@pytest.mark.integration
@pytest.mark.slow
def test_byte_tokenizer_is_converted_and_passes(tmp_path, texts) -> None:
    folder = tmp_path / "model"
    byte_tokenizer().save_pretrained(folder)
    done = in_converter(PREPARE, texts, folder)
    assert not done.stdout.strip(), done.stdout
    pieces = ModelProto.FromString((texts / "made.model").read_bytes()).pieces
    assert [piece.piece for piece in pieces[:3]] == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


@needs_bundler
@pytest.mark.integration
@pytest.mark.models
def test_embedded_model_is_refused_by_name_with_the_form_that_it_can_have(texts) -> None:
    folder = EmbeddedModel().folder()
    done = in_converter(PREPARE, texts, folder)
    refusal = next(line for line in done.stdout.splitlines() if line.startswith("refused:"))
    assert f"{folder}: " in refusal
    assert f"of {LINES} lines" in refusal
    assert json.dumps(["litertlm"]) in refusal
