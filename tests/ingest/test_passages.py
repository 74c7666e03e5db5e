"""Pins how passages are cut: whole sentences, the asked size, the right pages and heading."""

from itertools import pairwise

import pytest

from tasks.ingest.cleaning.blocks import Block, Kind
from tasks.ingest.config import IngestConfig
from tasks.ingest.passages.cutting import cut_passages
from tasks.records.corpus import Passage
from tasks.text.segments import count_words

DIGEST = "0123456789abcdef"


def sentence(number: int, words: int = 10) -> str:
    return f"S{number} {'word ' * (words - 2)}end."


def paragraph(first: int, count: int, page: int = 1) -> Block:
    return Block(Kind.PARAGRAPH, " ".join(sentence(first + at) for at in range(count)), ((0, page),))


def heading(text: str) -> Block:
    return Block(Kind.HEADING, text, ((0, 1),))


def cut(*blocks: Block, size: int = 100, minimum: int = 0, overlap: int = 0) -> list[Passage]:
    asked = IngestConfig(passage_words=size, min_passage_words=minimum, overlap_words=overlap).passage_size
    return list(cut_passages("a.pdf", DIGEST, blocks, asked, count_words))


def test_passages_hold_whole_sentences_up_to_the_size() -> None:
    passages = cut(paragraph(0, 25))
    assert [count_words(passage.text) for passage in passages] == [100, 100, 50]
    assert all(passage.text.startswith("S") and passage.text.endswith("end.") for passage in passages)


def test_every_sentence_is_in_exactly_one_passage_and_in_order() -> None:
    passages = cut(paragraph(0, 13), heading("Two"), paragraph(13, 18))
    joined = " ".join(passage.text for passage in passages)
    places = [joined.index(f"S{number} ") for number in range(31)]
    assert all(before < after for before, after in pairwise(places))
    assert all(joined.count(f"S{number} ") == 1 for number in range(31))


def test_ids_count_within_the_document() -> None:
    assert [passage.id for passage in cut(paragraph(0, 20))] == ["01234567-0000", "01234567-0001"]


def test_a_short_last_passage_joins_the_one_before() -> None:
    assert [count_words(passage.text) for passage in cut(paragraph(0, 23), minimum=40)] == [100, 130]


def test_a_passage_has_the_heading_in_force_where_it_starts() -> None:
    passages = cut(heading("One"), paragraph(0, 5), heading("Two"), paragraph(5, 12))
    assert [passage.heading for passage in passages] == ["One", "Two"]
    assert "\n\nTwo\n\n" in passages[0].text


def test_a_heading_never_ends_a_passage() -> None:
    passages = cut(paragraph(0, 10), heading("Two"), paragraph(10, 3))
    assert passages[0].text.endswith("end.")
    assert passages[1].heading == "Two"


def test_chapter_and_section_are_both_kept() -> None:
    passages = cut(heading("Book"), heading("Chapter"), heading("Section"), paragraph(0, 12))
    assert {passage.heading for passage in passages} == {"Chapter > Section"}


def test_headings_beyond_those_of_the_title_stay_in_the_text() -> None:
    passage = cut(heading("Book"), heading("Chapter"), heading("Section"), paragraph(0, 1))[0]
    assert passage.text == f"Book\n\n{sentence(0)}"


def test_overlap_repeats_whole_sentences_within_the_size_and_says_how_much() -> None:
    first, second, third = cut(paragraph(0, 25), overlap=25)
    assert [count_words(passage.text) for passage in (first, second, third)] == [100, 100, 90]
    assert first.overlap_chars == 0
    assert second.text.startswith(f"{sentence(8)} {sentence(9)} {sentence(10)}")
    assert second.own.startswith(sentence(10))
    assert third.text[: third.overlap_chars] == f"{sentence(16)} {sentence(17)} "


@pytest.mark.parametrize("overlap", [0, 10, 35, 50])
def test_every_sentence_is_in_the_own_part_of_exactly_one_passage(overlap: int) -> None:
    passages = cut(paragraph(0, 13), heading("Two"), paragraph(13, 40), overlap=overlap, minimum=40)
    own = "\n\n".join(passage.own for passage in passages)
    assert [own.count(f"S{number} ") for number in range(53)] == [1] * 53


def test_nothing_is_repeated_across_a_heading() -> None:
    passages = cut(paragraph(0, 10), heading("Two"), paragraph(10, 9), overlap=30)
    assert [passage.overlap_chars for passage in passages] == [0, 0]


def test_pages_are_those_of_the_own_part() -> None:
    text = " ".join(sentence(number) for number in range(15))
    block = Block(Kind.PARAGRAPH, text, ((0, 4), (text.index("S10 "), 5)))
    assert cut(block, overlap=20)[1].pages == (5, 5)


def test_a_long_sentence_takes_the_room_of_the_overlap() -> None:
    long = Block(Kind.PARAGRAPH, f"{paragraph(0, 9).text} {sentence(9, 95)}", ((0, 1),))
    assert [count_words(passage.text) for passage in cut(long, overlap=30)] == [90, 95]


def test_a_document_of_headings_alone_has_them_as_text() -> None:
    assert [passage.text for passage in cut(heading("Breathe in"), heading("Breathe out"))] == [
        "Breathe in\n\nBreathe out"
    ]


def test_pages_are_those_of_the_passage_not_of_the_paragraph() -> None:
    text = " ".join(sentence(number) for number in range(20))
    block = Block(Kind.PARAGRAPH, text, ((0, 4), (text.index("S9 ") + 5, 5), (text.index("S15"), 6)))
    assert [passage.pages for passage in cut(block)] == [(4, 5), (5, 6)]


def test_items_stay_on_lines_below_their_paragraph() -> None:
    items = [Block(Kind.ITEM, f"- item {number}", ((0, 1),)) for number in range(2)]
    assert cut(paragraph(0, 1), *items, paragraph(1, 1))[0].text.count("\n") == 4
