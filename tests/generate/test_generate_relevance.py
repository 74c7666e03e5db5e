"""Pins what the embedded all-MiniLM-L6-v2 adds: meaning where words do not tell."""

from pathlib import Path

import numpy as np
import pytest
from generate_corpus import workspace
from generate_pairs import PASSAGE, example

from tasks.generate.config import GenerateConfig, JudgingConfig
from tasks.generate.judging.judge import judge_pairs
from tasks.generate.judging.relevance import sentence_vectors
from tasks.generate.pairs import candidates_of
from tasks.generate.selection.deduplication import drop_duplicates

pytestmark = pytest.mark.models


def test_vectors_are_unit_vectors_in_the_order_of_the_texts() -> None:
    vectors = sentence_vectors(["snow", "a rope", "snow"])
    assert vectors.shape == (3, 384)
    assert np.allclose((vectors**2).sum(1), 1, atol=1e-5)
    assert np.array_equal(vectors[0], vectors[2])
    assert sentence_vectors([]).shape == (0, 384)


def test_an_answer_to_another_question_is_irrelevant(tmp_path: Path) -> None:
    config = JudgingConfig(language=None, min_relevance=0.35, min_support=0)
    pairs = [
        example("What increases the risk of a blocked track?", "Snow increases the risk of a blocked track."),
        example("What do trains have between their tracks?", "Their cabins hang from a rope over a valley."),
        example("What does a rack railway have between its tracks?", "A toothed rail."),
    ]
    found = judge_pairs(candidates_of(pairs), {PASSAGE.id: PASSAGE}, config, None, workspace(tmp_path))
    assert [one.reason for one in found] == ["", "irrelevant", ""]
    assert found[1].detail.startswith("cosine 0.")


def test_the_same_in_other_words_is_kept_once_where_meaning_counts() -> None:
    pairs = [
        example("What should anxious people drink less of?", "They should cut down on coffee.", id="e1"),
        example("Which beverage ought nervous persons to reduce?", "They ought to reduce coffee.", id="e2"),
        example("What should anxious people do in the morning?", "They should go for a walk.", id="e3"),
    ]
    words = drop_duplicates(candidates_of(pairs), GenerateConfig())
    assert [one.reason for one in words] == ["", "", ""]
    config = GenerateConfig(judging=JudgingConfig(semantic_duplicate=0.6))
    meaning = drop_duplicates(candidates_of(pairs), config)
    assert [(one.reason, one.detail) for one in meaning] == [("", ""), ("duplicate_meaning", "e1"), ("", "")]
