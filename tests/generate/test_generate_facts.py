"""Pins which numbers, dates and names a text states, in whatever spelling."""

import pytest

from tasks.generate.judging.facts import dates, missing_names, numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12 of 1,200 guests", {"12", "1200"}),
        ("twenty-five minutes", {"25"}),
        ("two hundred and five thousand people", {"205000"}),
        ("2.5 million and 2,500,000", {"2500000"}),
        ("between two and three", {"2", "3"}),
        ("twenty, five", {"20", "5"}),
        ("one of them", set()),
        ("one hundred", {"100"}),
        ("in the 1990s, a 19th attempt", {"1990", "19"}),
        ("0.50 mg", {"0.5"}),
    ],
)
def test_numbers_in_words_and_digits_are_the_same(text: str, found: set[str]) -> None:
    assert numbers(text) == found


def test_a_date_is_the_same_in_any_order() -> None:
    assert dates("on 5 March 2020") == dates("March 5, 2020") == dates("2020-03-05")
    assert dates("on 5 March 2020") != dates("on 6 March 2020")
    assert dates("It may march on") == set()


@pytest.mark.parametrize(
    ("text", "source", "missing"),
    [
        ("It opened in Switzerland.", "The Swiss line is in Switzerland.", []),
        ("It opened in Austria.", "The Swiss line is in Switzerland.", ["Austria"]),
        ("Glaciers move.", "Ice moves.", []),
        ("People with OCD are helped.", "Obsessive-compulsive disorder can be treated.", []),
        ("People with ADHD are helped.", "Obsessive-compulsive disorder can be treated.", ["ADHD"]),
        ("It is Switzerland's line.", "a line in Switzerland", []),
    ],
)
def test_names_must_stand_in_the_source_or_be_its_initials(
    text: str, source: str, missing: list[str]
) -> None:
    assert missing_names(text, source) == missing
