"""Pins which hyphens at line ends stay, and how lines become running text."""

import pytest

from tasks.ingest.cleaning.hyphens import Hyphenation, join_texts, learn_hyphenation
from tasks.ingest.cleaning.lines import Line, clean

KNOWN = frozenset({"treatment", "well-known", "life", "threatening", "having"})


def lines(*texts: str) -> list[Line]:
    return [Line(text, 1, 0.0, -12.0 * number, 10.0) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("a treat-", "ment for", "a treatment for"),
        ("a well-", "known case", "a well-known case"),
        ("a life-", "threatening case", "a life-threatening case"),
        ("of self-", "esteem", "of self-esteem"),
        ("a medi-", "cine", "a medicine"),
        ("be-", "having well", "behaving well"),
        ("the post-", "Cold War years", "the post-Cold War years"),
        ("pages 10-", "12 and", "pages 10-12 and"),
        ("a medi\u00ad", "cine", "a medicine"),
        ("Self-", "-help books", "Self-help books"),
        ("at www.nimh.nih.", "gov/help.", "at www.nimh.nih.gov/help."),
        (
            "a page at www.nimh.nih.gov/health-",
            "topics/help",
            "a page at www.nimh.nih.gov/health-topics/help",
        ),
        ("one word", "another", "one word another"),
    ],
)
def test_hyphens_in_a_document_that_hyphenates(first: str, second: str, joined: str) -> None:
    assert join_texts(first, second, Hyphenation(KNOWN, breaks_words=True))[0] == joined


def test_an_unknown_word_keeps_its_hyphen_where_the_document_does_not_hyphenate() -> None:
    plain = Hyphenation(KNOWN, breaks_words=False)
    assert join_texts("of throat-", "clearing", plain) == ("of throat-clearing", False)
    assert join_texts("of treat-", "ment", plain) == ("of treatment", True)


def test_a_document_hyphenates_where_many_lines_end_within_words() -> None:
    ragged = [f"Line {number} is whole" for number in range(70)]
    assert not learn_hyphenation(lines(*ragged, "with throat-", "clearing")).breaks_words
    assert learn_hyphenation(lines(*ragged, "a medi-", "cine for re-", "covery")).breaks_words


def test_halves_of_words_at_line_ends_are_not_taken_for_words() -> None:
    whole = learn_hyphenation(lines("it is a treat-", "ment of well-known kind")).known
    assert whole >= {"it", "is", "well-known", "kind"}
    assert not whole & {"treat", "ment"}


def test_words_that_english_always_writes_as_one_lose_their_hyphen() -> None:
    both_halves = Hyphenation(frozenset({"can", "not", "with", "out"}), breaks_words=True)
    assert join_texts("it can-", "not be", both_halves)[0] == "it cannot be"
    assert join_texts("with-", "out it", both_halves)[0] == "without it"


def test_text_is_writable_and_free_of_typesetting() -> None:
    assert clean("ﬁrst\u00a0ofﬁce\u200b \ud800 \x7f x\x00 \uf0a7") == "first office ? • x •"
