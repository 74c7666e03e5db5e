"""Pins which parts of a document are removed, that the account says so, and that body text stays."""

import pytest

from tasks.ingest.cleaning.blocks import Block, Kind
from tasks.ingest.cleaning.notices import drop_notices
from tasks.ingest.cleaning.removed import Removed
from tasks.ingest.cleaning.sections import drop_sections
from tasks.ingest.config import KINDS, CleaningConfig

BODY = "The harbour wakes before the town does. The boats leave in the dark, and gulls follow them out."
REFERENCES = (
    "Costa, G. (2003), “Shift work and health”, Occupational Medicine, Vol. 53 No. 2, pp. 83-8.",
    "Presser HB, Cox AG. The work schedules of women. Monthly Labor Review. 1997;120(4):25–34.",
    "Frone, M., Russell, M. & Cooper, M. L. (1992). Antecedents of conflict. New York: Wiley.",
)


def text(words: str) -> Block:
    return Block(Kind.PARAGRAPH, words, ((0, 3),))


def heading(words: str, rank: float = 14.0) -> Block:
    return Block(Kind.HEADING, words, ((0, 3),), rank)


def cleaned(
    *blocks: Block, config: CleaningConfig | None = None, titles: str = ""
) -> tuple[list[str], Removed]:
    config, removed = config or CleaningConfig(), Removed()
    kept = drop_sections(blocks, config, removed, frozenset(titles.split("|")))
    return [block.text for block in drop_notices(kept, config, removed)], removed


def kept(*blocks: Block, titles: str = "") -> list[str]:
    return cleaned(*blocks, titles=titles)[0]


def test_a_table_of_contents_goes_with_its_heading() -> None:
    long = "2 The morning" + 40 * " ." + " 7"
    entries = ("1 Introduction ........ 3", long, "Sold by noon 12", "Index xiv")
    result, removed = cleaned(heading("Contents"), *map(text, entries), heading("1 Introduction"), text(BODY))
    assert result == ["1 Introduction", BODY]
    assert removed.counts == {"contents": 5}


def test_a_table_of_contents_without_heading_is_known_by_dots_before_rising_numbers() -> None:
    entries = [f"Part {number} ........ {7 * number}" for number in range(1, 5)]
    assert kept(text(BODY), *map(text, entries), text(BODY)) == [BODY, BODY]
    prices = [f"Herring {number} ........ {40 - number}" for number in range(1, 5)]
    assert kept(*map(text, prices)) == prices
    assert kept(*map(text, entries[:3])) == entries[:3]


def test_links_to_the_headings_of_a_page_are_contents() -> None:
    items = [Block(Kind.ITEM, f"- {word}", ((0, 1),)) for word in ("The morning", "The evening")]
    assert kept(heading("Contents"), *items, text(BODY), titles="the morning|the evening") == [BODY]
    assert len(kept(heading("Contents"), *items, text(BODY))) == 4


@pytest.mark.parametrize("title", ["References", "7. Bibliography", "WORKS CITED", "Literaturverzeichnis"])
def test_a_reference_list_goes_up_to_the_next_heading_of_its_rank(title: str) -> None:
    blocks = [heading(title), *map(text, REFERENCES), heading("Books", 12.0), *map(text, REFERENCES)]
    result, removed = cleaned(text(BODY), *blocks, heading("Appendix"), text(BODY))
    assert result == [BODY, "Appendix", BODY]
    assert removed.counts == {"references": 8}


def test_prose_below_a_heading_that_names_references_stays() -> None:
    prose = (
        "The sources of the river were found in 1858, when an expedition that had set out from the coast"
        " reached the great lake. They are fed by rain that falls on the mountains, and it is this rain that"
        " makes the floods."
    )
    assert kept(heading("Sources"), text(prose), text(BODY)) == ["Sources", prose, BODY]


def test_prose_behind_a_reference_list_stays_though_no_heading_was_seen() -> None:
    prose = " ".join([BODY] * 3)
    assert kept(heading("References"), *map(text, REFERENCES), text(prose)) == [prose]
    cited = [text(prose), text(REFERENCES[0])]
    assert kept(heading("References"), *map(text, REFERENCES), *cited) == [prose, REFERENCES[0]]


def test_a_running_title_within_a_reference_list_does_not_end_it() -> None:
    listed = [heading("References"), *map(text, REFERENCES), heading("interventions"), *map(text, REFERENCES)]
    assert kept(*listed, heading("About the authors"), text(BODY)) == ["About the authors", BODY]


def test_numbered_references_need_no_heading() -> None:
    listed = [f"[{number}] {reference}" for number, reference in enumerate((*REFERENCES, *REFERENCES), 1)]
    assert kept(text(BODY), *map(text, listed), text(BODY)) == [BODY, BODY]


def test_an_index_goes() -> None:
    entries = ("A", "Anchor, 12, 14–16", "Boats, 3, 17; see also Ferry", "Crew, 5 Crates, 7 Cranes, 8, 90")
    assert kept(heading("Index"), *map(text, entries), text(BODY)) == [BODY]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("notices", "© 2024 The Harbour Trust. All rights reserved."),
        ("notices", "Copyright by the authors. No part of this book may be reproduced without permission."),
        ("notices", "This work is licensed under a Creative Commons Attribution 4.0 International License."),
        ("notices", "The text is in the public domain and may be reused or copied without permission."),
        ("identifiers", "ISBN 978-3-16-148410-0 (paperback)"),
        ("identifiers", "DOI 10.1108/01425450710719996"),
        ("identifiers", "NIH Publication No. 24-MH-8079 Revised 2024"),
        ("identifiers", "arXiv:1601.03642v1 [cs.CV] 12 Jan 2016"),
        ("contacts", "Phone: 1-866-615-6464"),
        ("contacts", "Email: info@harbour.org | Website: www.harbour.org/boats"),
        ("contacts", "6001 Executive Boulevard, MSC 9663 Bethesda, MD 20892-9663"),
        ("blank_pages", "This page intentionally left blank."),
    ],
)
def test_a_line_about_the_publication_goes_and_stays_when_switched_off(kind: str, line: str) -> None:
    result, removed = cleaned(text(line), text(BODY))
    assert (result, removed.counts) == ([BODY], {kind: 1})
    assert cleaned(text(line), config=CleaningConfig(**{kind: False}))[0] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Copyright protects original works for seventy years after the death of their author.",
        "Call the harbour master at 1-866-615-6464 before you enter, and give the length of your boat.",
        "120 100 90 80 70 60 50",
        "06/22/2015 06/30/2015 07/01/2015",
        "1 200 000 $",
        "The ISBN was introduced in 1970 and has thirteen digits since 2007.",
        "The page was left blank by the printer, which nobody noticed.",
        "Boats of the 1990s are listed at www.harbour.org.",
    ],
)
def test_body_text_that_resembles_a_notice_stays(line: str) -> None:
    assert kept(text(line)) == [line]


def test_a_heading_goes_with_all_that_stood_below_it() -> None:
    contact = [heading("Reprints"), text("Phone: 1-866-615-6464")]
    assert kept(heading("One"), text(BODY), *contact) == ["One", BODY]
    assert kept(*contact, heading("Two"), text(BODY)) == ["Two", BODY]
    assert kept(*contact, text(BODY)) == ["Reprints", BODY]
    assert kept(heading("Book", 20.0), text("www.harbour.org"), heading("One"), text(BODY))[0] == "Book"


def test_the_account_counts_every_removal_and_shows_a_few_with_their_page() -> None:
    lines = [f"Phone: 1-866-615-646{number}" for number in range(5)]
    _, removed = cleaned(*map(text, lines))
    found = removed.by_kind()
    assert list(found) == list(KINDS)
    assert found["contacts"].count == 5
    assert [(one.page, one.text) for one in found["contacts"].examples] == [(3, line) for line in lines[:3]]
    assert removed.words == 10
