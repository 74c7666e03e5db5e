"""Pins the splits: no passage or document on two sides, enough to test and to train, fixed splits kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.generate.config import GenerateConfig
from tasks.generate.selection.splitting import draw_splits
from tasks.kernel.errors import DataError
from tasks.records.dataset import Example, Split

CONFIG = GenerateConfig(min_pairs=10, min_test_pairs=4)
WORDS = ("amber", "basalt", "cedar", "dune", "ember", "fjord", "granite", "heather", "iris", "jasper", "kelp")


def pair(number: int, passage: str = "", split: Split | None = None, **changes: str) -> Example:
    word = WORDS[number % len(WORDS)] + "x" * (number // len(WORDS))
    fields = {
        "question": f"What does {word} tell about {word}one and {word}two?",
        "answer": " ".join(f"{word}{at}" for at in range(10)),
    }
    return Example(id=f"e{number}", passage=passage, teacher="t", split=split, **(fields | changes))


def by_passage(passages: int, pairs: int) -> list[Example]:
    return [pair(at * pairs + n, passage=f"p{at}") for at in range(passages) for n in range(pairs)]


def test_no_passage_is_on_two_sides_and_the_test_split_is_large_enough() -> None:
    for seed in range(20):
        drawn = draw_splits(by_passage(9, 3), CONFIG.model_copy(update={"seed": seed}))
        sides = {(example.passage, example.split) for example in drawn}
        assert len(sides) == 9
        assert sum(example.split == "test" for example in drawn) >= CONFIG.min_test_pairs
        assert {example.split for example in drawn} == {"train", "validation", "test"}


def test_other_seeds_draw_other_passages() -> None:
    pairs = by_passage(9, 3)
    drawn = {
        tuple(e.split for e in draw_splits(pairs, CONFIG.model_copy(update={"seed": seed})))
        for seed in range(5)
    }
    assert len(drawn) > 1


def test_fixed_splits_stay() -> None:
    fixed: tuple[Split, ...] = ("train", "train", "test", "train", "validation", "train")
    drawn = draw_splits([pair(at, split=split) for at, split in enumerate(fixed)], CONFIG)
    assert [example.split for example in drawn] == list(fixed)


def test_held_out_examples_come_from_training_ones_where_a_data_set_has_no_others() -> None:
    drawn = draw_splits([pair(at, split="train") for at in range(12)], CONFIG)
    assert {example.split for example in drawn} == {"train", "validation", "test"}


def test_too_few_passages_to_split_are_refused() -> None:
    with pytest.raises(DataError, match="too few to split"):
        draw_splits(by_passage(2, 9), CONFIG)


def by_document(documents: int, passages: int, pairs: int) -> list[Example]:
    return [
        pair((at * passages + n) * pairs + m, passage=f"p{at}-{n}", document=f"d{at}.pdf")
        for at in range(documents)
        for n in range(passages)
        for m in range(pairs)
    ]


def test_no_document_is_on_two_sides_where_documents_are_drawn() -> None:
    for seed in range(20):
        config = CONFIG.model_copy(update={"seed": seed, "split_by": "document"})
        drawn = draw_splits(by_document(5, 3, 4), config)
        assert len({(example.document, example.split) for example in drawn}) == 5
        assert {example.split for example in drawn} == {"train", "validation", "test"}
        by_passage_sides = {
            (example.document, example.split) for example in draw_splits(by_document(5, 3, 4), CONFIG)
        }
        assert len(by_passage_sides) > 5


def test_a_large_document_is_trained_on_where_smaller_ones_can_be_held_out() -> None:
    pairs = [
        *by_document(1, 10, 10),
        *(pair(500 + at, document=f"s{at % 4}.pdf", passage=f"s{at}") for at in range(80)),
    ]
    for seed in range(20):
        drawn = draw_splits(pairs, CONFIG.model_copy(update={"seed": seed, "split_by": "document"}))
        assert {example.split for example in drawn if example.document == "d0.pdf"} == {"train"}


def test_too_few_documents_to_split_are_refused_with_the_remedy() -> None:
    config = CONFIG.model_copy(update={"split_by": "document"})
    with pytest.raises(DataError, match=r"2 documents .*too few to split; set `split_by: passage`"):
        draw_splits(by_document(2, 5, 4), config)


def test_one_passage_is_tested_whole_even_if_it_is_more_than_wanted() -> None:
    drawn = draw_splits(by_passage(3, 30), CONFIG)
    assert (
        sorted(example.split or "" for example in drawn)
        == ["test"] * 30 + ["train"] * 30 + ["validation"] * 30
    )


@given(st.lists(st.integers(1, 30), min_size=3, max_size=9), st.integers(0, 50))
@settings(deadline=None)
def test_three_passages_are_enough_for_three_sides_whatever_their_sizes(sizes: list[int], seed: int) -> None:
    examples = [
        pair(100 * place + number, passage=f"p{place}")
        for place, size in enumerate(sizes)
        for number in range(size)
    ]
    drawn = draw_splits(examples, GenerateConfig(seed=seed, min_test_pairs=20, min_pairs=30))
    assert {example.split for example in drawn} == {"train", "validation", "test"}
