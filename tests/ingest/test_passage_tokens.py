"""Pins that passages can be measured in the tokens of a model, which is loaded only for that."""

from pathlib import Path

import pytest
from drawn_pages import PROSE, Sheet, draw
from pydantic import ValidationError

from tasks.ingest.config import IngestConfig, PassageTokens
from tasks.ingest.run import run
from tasks.ingest.task import ingest_corpus
from tasks.kernel.workspace import Workspace, silent
from tasks.models.loading import load_tokenizer
from tasks.models.sources import TinyModel
from tasks.records.corpus import Passage
from tasks.records.files import read_records

pytestmark = pytest.mark.models


def test_passages_hold_at_most_the_asked_tokens_and_overlap(tmp_path: Path) -> None:
    source = draw(
        tmp_path / "a.pdf", [Sheet().write(*[f"{line} At {n}." for n in range(9) for line in PROSE])]
    )
    folder = TinyModel().folder()
    tokenizer = load_tokenizer(folder)
    asked = PassageTokens(limit=400, minimum=0, overlap=150, tokenizer=TinyModel())
    run(
        {"documents": source, "tokenizer": folder},
        IngestConfig(passage_tokens=asked),
        Workspace(tmp_path, tmp_path / "scratch", silent),
    )
    passages = read_records(tmp_path / "passages.jsonl", Passage)
    sizes = [len(tokenizer(passage.text, add_special_tokens=False)["input_ids"]) for passage in passages]
    assert len(sizes) > 3
    assert max(sizes) <= 400
    assert min(sizes[:-1]) > 250
    assert all(passage.overlap_chars > 0 for passage in passages[1:])


def test_the_tokenizer_is_an_input_only_where_tokens_count() -> None:
    asked = IngestConfig(passage_tokens=PassageTokens(tokenizer=TinyModel()))
    assert ingest_corpus.recipe("a", IngestConfig(), None, None)["models"] == {}
    assert "tokenizer" in str(ingest_corpus.recipe("a", asked, None, None)["models"])


def test_an_overlap_over_half_of_a_passage_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"passage_tokens\.overlap must be at most half"):
        IngestConfig(passage_tokens=PassageTokens(limit=200, overlap=120))
    with pytest.raises(ValidationError, match="overlap_words must be at most half"):
        IngestConfig(passage_words=100, min_passage_words=0, overlap_words=60)
