"""Pins that nothing that is tested, in the domain or in a benchmark, is trained on."""

import json
from pathlib import Path

import pytest

from tasks.generate.config import GenerateConfig
from tasks.generate.pairs import candidates_of
from tasks.generate.selection.benchmarks import read_benchmark
from tasks.generate.selection.decontamination import Copies, drop_benchmarks, drop_leaks
from tasks.kernel.errors import DataError
from tasks.records.dataset import Candidate, Example, Split

CONFIG = GenerateConfig(min_pairs=10, min_test_pairs=4)
QUESTION = "Why do glaciers carve wide valleys with steep sides into soft rock?"
ANSWER = "The ice drags stones along its bed, and these grind the floor and walls like sandpaper."


def pair(number: int, split: Split | None, question: str, answer: str, **changes: object) -> Example:
    fields = {"id": f"e{number}", "question": question, "answer": answer, "split": split, "teacher": "t"}
    return Example.model_validate(fields | changes)


def outcomes(candidates: list[Candidate]) -> list[tuple[str, str]]:
    return [(one.reason, one.detail) for one in candidates]


HELD = pair(0, "test", QUESTION, ANSWER)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (QUESTION.replace("Why", "How"), "Something else entirely."),
        ("What grinds rock?", ANSWER.replace("grind", "scour")),
        ("What grinds rock?", "Slowly, year by year: " + ANSWER[:65] + " as everybody can see there"),
        ("Tell me this: why do glaciers carve wide valleys with steep sides?", "Something else entirely."),
    ],
)
def test_near_copies_and_long_quotes_of_a_held_out_pair_are_refused(question: str, answer: str) -> None:
    copy = pair(1, "train", question, answer)
    assert outcomes(drop_leaks(candidates_of([HELD, copy]), CONFIG)) == [
        ("", ""),
        ("leaks_to_held_out", "e0"),
    ]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Why do rivers carve narrow valleys?", "Water cuts downwards faster than the sides wear away."),
        (
            "How does ice move?",
            "The ice drags stones along, which is one of many reasons why hikers avoid it.",
        ),
    ],
)
def test_pairs_that_share_a_phrase_stay(question: str, answer: str) -> None:
    assert outcomes(drop_leaks(candidates_of([HELD, pair(1, "train", question, answer)]), CONFIG))[1] == (
        "",
        "",
    )


def test_for_a_reviewed_training_pair_the_held_out_copy_goes() -> None:
    edited = pair(1, "train", QUESTION, ANSWER, teacher="t, edited")
    assert [reason for reason, _ in outcomes(drop_leaks(candidates_of([HELD, edited]), CONFIG))] == [
        "leaks_to_reviewed",
        "",
    ]
    both = [HELD.model_copy(update={"teacher": "t, edited"}), edited]
    assert [reason for reason, _ in outcomes(drop_leaks(candidates_of(both), CONFIG))] == [
        "",
        "leaks_to_held_out",
    ]


def test_copies_must_cover_their_share() -> None:
    known = "a b c d e f g h i j k l m n o p"
    copies = Copies([known], 4, 0.5)
    assert copies.found("x y a b c d e f g h z " * 3) == [0]
    assert copies.found("x y a b c d e f g z " * 3) == []
    assert copies.found("x a b c d") == [0]


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("b.jsonl", json.dumps({"id": 1, "question": "another question about nothing at all"}), ""),
        ("b.jsonl", "\n" + json.dumps({"id": 1, "question": QUESTION}) + "\n", "b.jsonl:2"),
        ("b.jsonl", json.dumps({"messages": [{"text": "short"}, {"text": ANSWER}]}), "b.jsonl:1"),
        ("b.json", json.dumps([{"prompt": "nothing of that kind at all"}, {"prompt": QUESTION}]), "b.json:2"),
        ("b.json", json.dumps({"7": {"QUESTION": QUESTION}, "8": {"QUESTION": "x"}}), "b.json:1"),
        ("b.json", json.dumps({"data": [{"answers": [ANSWER]}]}), "b.json:1"),
        ("b.txt", f"first line of five words\n{QUESTION}\n", "b.txt:2"),
        ("b.jsonl", json.dumps({"question": "which is the longest of them?", "context": ANSWER}), ""),
    ],
)
def test_a_pair_of_a_benchmark_is_refused_with_file_and_line(
    name: str, content: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    found = drop_benchmarks(candidates_of([pair(1, None, QUESTION, ANSWER)]), {"b": tmp_path / name}, CONFIG)
    assert outcomes(found) == [("in_benchmark", place) if place else ("", "")]


def test_what_a_data_set_holds_out_may_be_in_a_benchmark(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(QUESTION)
    assert outcomes(drop_benchmarks(candidates_of([HELD]), {"b": tmp_path / "b.txt"}, CONFIG)) == [("", "")]


def test_labels_and_short_texts_of_a_benchmark_forbid_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(json.dumps({"question": "What is ice?", "answer": "yes"}))
    pairs = candidates_of([pair(1, None, "What is ice?", "yes")])
    assert outcomes(drop_benchmarks(pairs, {"b": tmp_path / "b.jsonl"}, CONFIG)) == [("", "")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.jsonl", b'{"question": "fine"}\n{"question": ', r"benchmarks\.mine: .*b\.jsonl:2: no JSON"),
        ("b.json", b"[", r"benchmarks\.mine: .*b\.json: no JSON"),
        ("b.txt", b"\xff\xfe\x00", r"benchmarks\.mine: .*b\.txt cannot be read as UTF-8"),
        ("b.jsonl", b'{"id": 3}\n', r"benchmarks\.mine: .*b\.jsonl holds no text.*question"),
    ],
)
def test_an_unreadable_benchmark_is_one_clear_error(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_benchmark(tmp_path / name, "mine")


def test_a_folder_of_benchmark_files_is_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "2.txt").write_text("two")
    (tmp_path / "1.txt").write_text("one")
    assert [text.place for text in read_benchmark(tmp_path, "mine")] == ["1.txt:1", "2.txt:1"]
