"""Pins the splits: no passage on two sides, no leak, enough to test, fixed splits kept."""

import pytest

from tasks.errors import DataError
from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import Candidate, candidates_of, kept
from tasks.generate.splitting import draw_splits, drop_duplicates, drop_leaks
from tasks.records import Example, Split

CONFIG = GenerateConfig(min_pairs=10, min_test_pairs=4)
WORDS = ("amber", "basalt", "cedar", "dune", "ember", "fjord", "granite", "heather", "iris", "jasper", "kelp")


def pair(number: int, passage: str = "", split: Split | None = None, **changes: str) -> Example:
    word = WORDS[number % len(WORDS)] + "x" * (number // len(WORDS))
    fields = {
        "question": f"What does {word} tell about {word}one and {word}two?",
        "answer": " ".join(f"{word}{at}" for at in range(10)),
    }
    return Example(id=f"e{number}", passage=passage, teacher="t", split=split, **(fields | changes))


def reasons(candidates: list[Candidate]) -> list[str]:
    return [candidate.reason for candidate in candidates]


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


def test_training_pairs_that_resemble_held_out_ones_are_dropped() -> None:
    held = pair(0, split="test")
    asked = pair(1, split="train", question=held.question.replace("tell", "say"))
    told = pair(2, split="train", answer=held.answer + " more")
    fine = pair(3, split="train")
    judged = drop_leaks(candidates_of([held, asked, told, fine]), CONFIG)
    assert reasons(judged) == ["", "leaks_to_held_out", "leaks_to_held_out", ""]


def test_labels_are_no_duplicates_and_no_leaks() -> None:
    examples = [pair(at, answer="positive", split="test" if at == 0 else "train") for at in range(5)]
    assert kept(drop_duplicates(candidates_of(examples), CONFIG)) == examples
    assert kept(drop_leaks(candidates_of(examples), CONFIG)) == examples


def test_of_two_duplicates_the_held_out_one_stays() -> None:
    train, test = pair(0, split="train"), pair(1, split="test", question=pair(0).question)
    assert reasons(drop_duplicates(candidates_of([train, test]), CONFIG)) == ["duplicate_question", ""]


def test_answers_that_resemble_each_other_are_kept_once() -> None:
    one, other = pair(0), pair(1, answer=pair(0).answer.upper())
    assert reasons(drop_duplicates(candidates_of([one, other]), CONFIG)) == ["", "duplicate_answer"]
