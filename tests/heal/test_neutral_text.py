"""The carried text: conversations and documents of no domain, enough for a healing."""

import re
from pathlib import Path

import pytest

from tasks.heal.config import NEUTRAL
from tasks.heal.texts import NeutralLine, Text, held_back, joined, steps_of
from tasks.heal.writing import beginnings, questions
from tasks.kernel.errors import DataError
from tasks.kernel.settings import PROJECT
from tasks.records.files import read_records

_WORD = re.compile(r"[a-z]{4,}")


def test_every_line_answers_a_question_or_goes_on_from_a_beginning_that_a_base_can_be_given() -> None:
    lines = read_records(NEUTRAL, NeutralLine)
    asked = [line.question for line in lines if line.question]
    assert len(asked) == len(set(asked)) == 200
    assert set(asked) <= set(questions())
    begun = tuple(beginnings())
    documents = [line.text for line in lines if line.text]
    assert len(documents) == len(set(documents)) > 100
    assert all(text.startswith(begun) for text in documents)


@pytest.mark.parametrize(
    "line", ['{"question": "Why?"}', '{"text": ""}', '{"question": "a", "answer": "b", "text": "c"}']
)
def test_a_line_that_is_neither_conversation_nor_text_is_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "text.jsonl"
    file.write_text(f'{{"text": "Rain falls."}}\n{line}\n')
    with pytest.raises(DataError, match=r"text\.jsonl.*2.*give `question` and `answer`, or `text`"):
        read_records(file, NeutralLine)


def test_it_knows_nothing_of_the_demos_domains() -> None:
    domains = [folder.name for folder in (PROJECT / "examples" / "library").iterdir() if folder.is_dir()]
    words = set(_WORD.findall(NEUTRAL.read_text(encoding="utf-8").lower()))
    assert {"anxiety", "depression", "ocd"} <= set(domains)
    assert not words & {*domains, "anxious", "depressed", "obsessive", "compulsive"}


def test_a_pass_reads_every_text_once_and_the_next_in_another_order() -> None:
    texts = [Text((number,), 1) for number in range(10)]
    steps = steps_of(texts, 5, 4, seed=3)
    first, second = [*steps[0], *steps[1]], [*steps[2], *steps[3]]
    assert set(first) == set(second) == set(texts)
    assert first != second


def test_texts_of_like_length_are_read_together_and_lengths_in_no_order() -> None:
    texts = [Text(tuple(range(length)), 1) for length in range(1, 41)]
    widths = [[len(text.ids) for text in step] for step in steps_of(texts, 4, 10, seed=3)]
    assert all(max(step) - min(step) < 4 for step in widths)
    assert widths != sorted(widths)


def test_what_is_held_back_is_not_learned_and_at_most_a_fifth() -> None:
    texts = [Text((number,), 1) for number in range(10)]
    learned, validation = held_back(texts, 8, seed=3)
    assert len(validation) == 2
    assert set(learned) | set(validation) == set(texts)
    assert not set(learned) & set(validation)


def test_texts_shorter_than_a_piece_are_one() -> None:
    texts = [Text((1, 2, 3), 1), Text((4, 5), 1)]
    assert [piece.ids for piece in joined(texts, 128)] == [(1, 2, 3, 4, 5)]
    assert [piece.ids for piece in joined(texts, 2)] == [(1, 2), (3, 4)]
