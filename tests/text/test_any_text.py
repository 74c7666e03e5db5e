"""Pins over arbitrary texts: what is decoded was written so or is told, and what is cut gives all back."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icu4py.breakers import CharacterBreaker

from tasks.ingest.cleaning.blocks import Block, Kind
from tasks.ingest.cleaning.lines import clean
from tasks.ingest.config import PassageSize
from tasks.ingest.passages.cutting import cut_passages
from tasks.text.encoding import BAD, EncodingError, decode
from tasks.text.guessing import ENCODINGS
from tasks.text.segments import count_words, segments
from tasks.text.sentences import LONGEST_SENTENCE
from tasks.text.words import find_words, word_places

pytestmark = pytest.mark.slow
ANY = settings(
    max_examples=2000, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
PARTS = (
    *(
        "Plain words. ",
        "naïve ",
        "Перед пуском ",
        "機械を始動する前に、",
        "确认。",
        "ก่อนเดินเครื่อง",
        "ມັນ",
        "ဆီ။",
        "ខ្មែរ។",
    ),
    *(
        "Prüfen Sie ",
        "한국어 ",
        "עברית ",
        "عربي ",
        "“x” ",
        "\n",
        "\n\n",
        " ",
        "１．５",
        "e\u0301",
        "か\u3099",
        "🙂",
        "👩\u200d🔧",
        "བོད་",
    ),
    *('<meta charset="gbk">', '<?xml version="1.0" encoding="koi8-r"?>', "\x1b$B", "\0", "\ufeff", "\ufffd"),
)
TEXT = st.lists(st.sampled_from(PARTS) | st.text(max_size=6), max_size=25).map("".join)
NAMES = st.sampled_from(
    [*ENCODINGS, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)


@ANY
@given(TEXT, NAMES, st.booleans())
def test_any_text_in_any_encoding_comes_back_or_is_told(text: str, name: str, markup: bool) -> None:
    data = text.encode(name, "ignore")
    try:
        found = decode(data, markup=markup)
    except EncodingError as error:
        str(error).encode()
        return
    if found.plain:
        assert found.text.encode() == data.removeprefix(b"\xef\xbb\xbf")
    elif found.how == "valid":
        assert found.bad_lines or found.contradicted
    else:
        assert found.how in {"mark", "declared", "detected"}
    assert found.text.count(BAD) == len(found.bad_lines)


@ANY
@given(TEXT, NAMES)
def test_a_set_encoding_gives_the_very_text(text: str, name: str) -> None:
    written = text.encode(name, "ignore")
    # Escapes and marks that stand in the text itself are another one's in some encodings.
    if written.decode(name, "replace") == text:
        assert decode(written, name).text.lstrip("\ufeff") == text.lstrip("\ufeff")


@ANY
@given(
    st.binary(max_size=80) | st.lists(st.binary(max_size=5) | TEXT.map(str.encode), max_size=9).map(b"".join)
)
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    for markup in (True, False):
        try:
            found = decode(data, markup=markup)
        except EncodingError:
            continue
        assert found.text.count(BAD) == len(found.bad_lines)
        found.text.replace(BAD, "").encode()


@ANY
@given(TEXT | st.text(max_size=80))
def test_any_text_has_words_and_loses_nothing(text: str) -> None:
    assert "".join(segments(text)) == text
    places = word_places(text)
    assert [text[start:end] for start, end in places] == find_words(text)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    assert count_words(text) >= 0


SIZE = PassageSize(limit=100, minimum=0, overlap=0)
LONG = st.lists(st.sampled_from(PARTS) | st.text(max_size=6), min_size=1, max_size=8).flatmap(
    lambda parts: st.integers(1, 120).map(lambda times: clean("".join(parts) * times))
)


@settings(ANY, max_examples=600)
@given(LONG.filter(bool))
def test_passages_of_any_text_are_bounded_and_give_it_back(text: str) -> None:
    blocks = [Block(Kind.PARAGRAPH, text, ((0, 1),))]
    passages = list(cut_passages("a.txt", "0" * 64, blocks, SIZE, count_words))
    at = 0
    grapheme_starts = set(_starts(text))
    for passage in passages:
        start = text.index(passage.text, at)
        assert text[at:start].strip() == ""
        assert start in grapheme_starts or text[start - 1].isspace()
        at = start + len(passage.text)
        assert count_words(passage.text) <= LONGEST_SENTENCE
    assert text[at:].strip() == ""


def _starts(text: str) -> list[int]:
    starts = [0]
    for character in CharacterBreaker(text, "en"):
        starts.append(starts[-1] + len(character))
    return starts
