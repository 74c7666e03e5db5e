"""Pins that every file of a library is accounted for, by itself, and in the memory of a few pages."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawn_pages import BOATS, PROSE, Sheet, draw, prose_about

from tasks.ingest.cleaning.clean import clean_blocks
from tasks.ingest.cleaning.hyphens import Hyphens
from tasks.ingest.cleaning.removed import Removed
from tasks.ingest.config import KINDS, CleaningConfig, IngestConfig
from tasks.ingest.passages.stored_documents import Document, StoredPages
from tasks.ingest.run import run
from tasks.kernel.workspace import Metrics, Workspace, silent
from tasks.records.corpus import Passage
from tasks.records.files import read_records

pytestmark = pytest.mark.slow


def ingest(library: Path, out: Path, **config: Any) -> tuple[Metrics, dict[str, Any], list[Passage]]:
    out.mkdir()
    work = Workspace(out, out.with_name(f"{out.name}-scratch"), silent)
    metrics = run({"documents": library}, IngestConfig(**config), work)
    entries = json.loads((out / "documents.json").read_text(encoding="utf-8"))
    return metrics, {entry["name"]: entry for entry in entries}, read_records(out / "passages.jsonl", Passage)


def library(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name, boat in zip(names, BOATS, strict=False):
        draw(folder / name, [Sheet().write(*prose_about(boat), "They call it a well-", "known boat.")])
    return folder


def test_every_file_is_read_a_duplicate_or_unreadable_with_its_reason(tmp_path: Path) -> None:
    source = library(tmp_path / "library", "good.pdf")
    (source / "same.pdf").write_bytes((source / "good.pdf").read_bytes())
    (source / "empty.pdf").touch()
    metrics, entries, _ = ingest(source, tmp_path / "out", reading={"unreadable": "skip"})
    assert {name: entry["status"] for name, entry in entries.items()} == {
        "good.pdf": "read",
        "same.pdf": "duplicate",
        "empty.pdf": "unreadable",
    }
    assert entries["same.pdf"]["same_as"] == "good.pdf"
    assert entries["empty.pdf"]["reason"] == "empty"
    assert {name: metrics[name] for name in ("documents", "documents_unreadable", "documents_duplicate")} == {
        "documents": 1,
        "documents_unreadable": 1,
        "documents_duplicate": 1,
    }


def test_the_account_of_a_document_adds_up(tmp_path: Path) -> None:
    sheets = [
        Sheet().write("Contents", "The morning ........ 3", "The evening ........ 4"),
        Sheet(),
        Sheet().write(*PROSE).gap().write("Phone: 1-866-615-6464"),
    ]
    draw(tmp_path / "a.pdf", sheets)
    metrics, entries, passages = ingest(tmp_path / "a.pdf", tmp_path / "out")
    entry = entries["a.pdf"]
    assert (entry["pages"], entry["pages_without_text"], entry["pages_removed"]) == (3, [2], [1])
    assert (entry["passages"], entry["words"]) == (1, len(" ".join(PROSE).split()))
    assert passages[0].text == " ".join(PROSE)
    assert set(entry["removed"]) == set(KINDS)
    assert metrics["removed_contents"] == entry["removed"]["contents"]["count"] == 3
    assert metrics["removed_contacts"] == 1
    assert metrics["removed_words"] == entry["removed_words"] == 1 + 4 + 4 + 2


def test_words_that_are_repeated_between_passages_count_once(tmp_path: Path) -> None:
    draw(tmp_path / "a.pdf", [Sheet().write(*[f"{line} At {n}." for n in range(8) for line in PROSE])])
    plain, _, _ = ingest(tmp_path / "a.pdf", tmp_path / "plain", passage_words=100, min_passage_words=0)
    repeated, _, passages = ingest(
        tmp_path / "a.pdf", tmp_path / "repeated", passage_words=100, min_passage_words=0, overlap_words=40
    )
    assert any(passage.overlap_chars for passage in passages)
    assert repeated["words"] == plain["words"]


@pytest.mark.slow
def test_another_document_changes_nothing_in_the_passages_of_the_others(tmp_path: Path) -> None:
    before = library(tmp_path / "before", "a.pdf", "b.pdf")
    after = library(tmp_path / "after", "a.pdf", "b.pdf")
    # Its words would decide about the hyphen that the others leave open, if they were asked.
    draw(after / "c.pdf", [Sheet().write(*[f"A wellknown boat, {line.lower()}" for line in PROSE])])
    lines = {}
    for source in (before, after):
        ingest(source, tmp_path / f"out-{source.name}")
        lines[source.name] = (tmp_path / f"out-{source.name}/passages.jsonl").read_text("utf-8").splitlines()
    assert [line for line in lines["after"] if '"c.pdf"' not in line] == lines["before"]
    assert len(lines["after"]) == len(lines["before"]) + 1


def stored(path: Path, pages: int) -> Document:
    """Return a document whose pages are made up, in the form in which they are read."""
    with path.open("w", encoding="utf-8") as file:
        for page in range(pages):
            lines = [
                [
                    f"Line {line} of page {page} goes on for a while and then it stops.",
                    60.0,
                    760.0 - 12 * line,
                ]
                for line in range(50)
            ]
            file.write(json.dumps({"lines": [[*line, 10.0, False, 0] for line in lines]}) + "\n")
    return Document("book.pdf", "0" * 64, StoredPages(path, pages))


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_book_is_cleaned_in_the_memory_of_a_few_pages(tmp_path: Path) -> None:
    book = stored(tmp_path / "pages.jsonl", 40)

    def clean() -> None:
        for _ in clean_blocks(book, CleaningConfig(), Removed(), Hyphens()):
            pass

    held = peak(lambda: list(book.content))
    assert peak(clean) < held / 3
