"""Pins the map of pages and the sample to read: each page has one state, and one without a pair a reason."""

import json
from collections import Counter
from pathlib import Path

import pytest
from generate_account import invented, library

from tasks.generate.account.page_coverage import cover, read_sources
from tasks.generate.account.tallies import READY, Tally, tallies
from tasks.generate.account.write import KEPT, REJECTED, draw_samples
from tasks.generate.pairs import kept
from tasks.kernel.errors import DataError
from tasks.records.corpus import Passage
from tasks.records.coverage import DocumentCoverage, write_coverage
from tasks.records.documents import LibraryFile


def passage(at: int, first: int, last: int) -> Passage:
    return Passage(
        id=f"p{at}", document="book.pdf", document_digest="0a", pages=(first, last), text="A sentence."
    )


def book(fates: dict[str, Tally], texts: list[Passage], source: LibraryFile) -> DocumentCoverage:
    found = {text.id: Tally() for text in texts} | {READY: Tally()} | fates
    (document,) = cover([source], texts, found, "30 minutes")
    return document


def test_every_way_to_give_no_pair_is_a_state_with_its_reason() -> None:
    texts = [passage(at, at, at) for at in range(1, 6)]
    chosen = Counter(passages=1, sentences=3)
    fates = {
        "p1": Tally(chosen + Counter(planned=3, asked=3, returned=3, parsed=3, kept=3)),
        "p2": Tally(
            chosen + Counter(planned=3, asked=3, no_reply=1, returned=2, parsed=2),
            rejected=Counter(length=2),
        ),
        "p3": Tally(chosen + Counter(planned=3, not_asked=3)),
        "p4": Tally(chosen, skipped=Counter(too_short=3)),
        "p5": Tally(Counter(not_sampled=1)),
    }
    source = LibraryFile.model_validate(
        {
            "name": "book.pdf",
            "pages": 8,
            "pages_without_text": [6],
            "pages_removed": [7],
            "removed": {
                "contents": {"count": 9, "examples": [{"page": 7, "text": "1 Fear ... 3"}]},
                "running_lines": {"count": 8, "examples": [{"page": 7, "text": "Fear"}]},
            },
        }
    )
    pages = book(fates, texts, source).rows
    assert [page.state for page in pages] == [
        *("kept", "rejected", "not_asked", "skipped", "not_sampled"),
        *("no_text", "removed", "no_passage"),
    ]
    assert [page.why for page in pages] == [
        *({}, {"no_reply": 1, "length": 2}, {"30 minutes": 3}, {"too_short": 3}, {}),
        *({}, {"contents": 1}, {}),
    ]


def test_a_passage_over_two_pages_counts_on_both_and_once_for_its_document() -> None:
    fates = {"p1": Tally(Counter(passages=1, asked=4, kept=3)), "p2": Tally(Counter(passages=1, asked=2))}
    document = book(fates, [passage(1, 1, 2), passage(2, 2, 3)], LibraryFile(name="book.pdf", pages=3))
    assert [page.kept for page in document.rows] == [3, 3, 0]
    assert [page.passages for page in document.rows] == [1, 2, 1]
    assert document.kept == 3


@pytest.mark.parametrize("seed", range(10))
def test_a_page_has_pairs_exactly_where_a_kept_pair_rests_on_it(seed: int, tmp_path: Path) -> None:
    texts = library(2, 5)
    account = invented(texts, seed)
    documents = cover(read_sources(tmp_path, texts), texts, tallies(account, texts), "")
    good = {example.passage for example in kept(account.candidates)}
    covered = {
        (one.document, page)
        for one in texts
        if one.id in good
        for page in range(one.pages[0], one.pages[1] + 1)
    }
    found = {(one.document, page.page) for one in documents for page in one.rows if page.state == "kept"}
    assert found == covered
    assert [len(one.rows) for one in documents] == [6, 6]


@pytest.mark.slow
def test_a_page_is_a_line_and_ten_thousand_are_small(tmp_path: Path) -> None:
    name = 'a "book".pdf'
    texts = [passage(at, at, at).model_copy(update={"document": name}) for at in range(1, 10_001)]
    fates = {text.id: Tally(Counter(passages=1, sentences=9, asked=8, kept=3)) for text in texts}
    path = tmp_path / "coverage.json"
    write_coverage(tmp_path, [book(fates, texts, LibraryFile(name=name, pages=10_000))])
    assert path.stat().st_size < 1_200_000
    (content,) = json.loads(path.read_bytes())
    assert content["document"] == name
    assert content["states"] == {"kept": 10_000}
    assert content["rows"][41] == {
        "page": 42,
        "state": "kept",
        "passages": 1,
        "sentences": 9,
        "asked": 8,
        "kept": 3,
    }


def test_files_that_gave_no_text_are_no_documents_and_passages_name_the_others(tmp_path: Path) -> None:
    rows = [
        {"name": "locked.pdf", "status": "unreadable", "reason": "encrypted"},
        {"name": "blank.pdf", "status": "read", "pages": 2, "pages_without_text": [1, 2]},
    ]
    (tmp_path / "documents.json").write_text(json.dumps(rows))
    found = read_sources(tmp_path, [passage(1, 1, 4)])
    assert [(one.name, one.pages) for one in found] == [("blank.pdf", 2), ("book.pdf", 4)]


def test_a_corpus_account_of_another_form_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "documents.json").write_text('[{"name": "a", "pages": 2, "pages_without_text": "all"}]')
    with pytest.raises(DataError, match=r"documents\.json: 0\.pages_without_text: .*array; build"):
        read_sources(tmp_path, [])


def test_the_sample_has_kept_pairs_and_some_of_each_reason_with_their_text() -> None:
    texts = library(4, 12)
    account = invented(texts, 0)
    by_id = {text.id: text for text in texts}
    drawn = draw_samples(account.candidates, by_id, 42)
    reasons = {candidate.reason for candidate in account.candidates} - {""}
    rejected = drawn.rejected
    assert rejected.keys() == reasons
    assert len(drawn.kept) == KEPT
    assert all(0 < len(group) <= REJECTED for group in rejected.values())
    used = {row.passage for group in (drawn.kept, *rejected.values()) for row in group} - {""}
    assert drawn.passages.keys() == used
    assert drawn.passages[min(used)].text == by_id[min(used)].text
    assert all(row.detail == "seen" for group in rejected.values() for row in group)


def test_the_sample_is_drawn_by_the_seed_alone() -> None:
    texts = library(4, 12)
    account = invented(texts, 0)
    by_id = {text.id: text for text in texts}
    again, other = (draw_samples(account.candidates, by_id, seed) for seed in (42, 43))
    assert draw_samples(account.candidates, by_id, 42) == again != other
