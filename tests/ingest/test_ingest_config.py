"""Pins that the reference systems' data sets can be expressed and that wrong mappings are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from tasks.ingest.config import DatasetMapping, IngestConfig

REFERENCES: list[dict[str, Any]] = [
    {"hub": "sahil2801/CodeAlpaca-20k", "question": "{instruction}\n\n{input}", "answer": "output"},
    {
        "hub": "google-research-datasets/poem_sentiment",
        "question": "Write a line of poetry with a {label} feeling.",
        "answer": "verse_text",
        "label_names": {
            "label": {"no_impact": "calm", "negative": "sad", "positive": "glad", "mixed": "mixed"}
        },
        "splits": {"train": "train", "validation": "validation", "test": "test"},
    },
    {
        "hub": "qiaojin/PubMedQA",
        "subset": "pqa_labeled",
        "question": "{context.contexts}\n\n{question}",
        "answer": "{final_decision}. {long_answer}",
    },
    {
        "hub": "ymoslem/Law-StackExchange",
        "question": "{question_title}\n\n{question_body}",
        "answer": "answers.body",
        "best": {"answers": "score"},
        "html": True,
    },
    {
        "hub": "google-research-datasets/mbpp",
        "question": "{text}\nYour code should pass these tests:\n{test_list}",
        "answer": "code",
        "splits": {"train": "train", "validation": "validation", "test": "test"},
    },
]


@pytest.mark.parametrize("mapping", REFERENCES, ids=lambda mapping: mapping["hub"])
def test_reference_data_sets_validate_and_are_not_refused(mapping: dict[str, Any]) -> None:
    assert IngestConfig(dataset=DatasetMapping(**mapping)).refusals() == []


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"subset": "x"}, "name it in `hub`"),
        ({"split_column": "part"}, "split_column needs `splits`"),
        ({"question": "{a"}, "question: "),
        ({"answer": "{}"}, "answer: empty braces"),
        ({"hub": "https://a/b"}, "hub"),
        ({"splits": {"dev": "dev"}}, "splits"),
    ],
)
def test_wrong_mappings_are_refused(mapping: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        DatasetMapping(**{"question": "q", "answer": "a", **mapping})


def test_a_minimum_that_no_passage_could_reach_is_refused() -> None:
    with pytest.raises(ValidationError, match="at most half"):
        IngestConfig(passage_words=100, min_passage_words=60)
