"""What reading costs and how well it reads: both PDF parsers, a hostile library, ten thousand pages.

Writes `results/ingestion.json`. Run `python -m benchmarks.ingestion [--data FOLDER]`; the
hostile library is the folder `pdf-nasty` in FOLDER, and is left out without it.
"""

import argparse
import json
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import jiwer
import psutil
from reportlab.pdfgen.canvas import Canvas

from benchmarks.machine import RESULTS, save
from benchmarks.staged import Measured, run_stage
from tasks.ingest.cleaning.blocks import Kind
from tasks.ingest.reading import pdfium_pages, pypdf_pages
from tasks.ingest.reading.pandoc import read_blocks
from tasks.kernel.settings import PROJECT
from tasks.records.corpus import Passage
from tasks.records.files import read_records

LIBRARY = PROJECT / "examples" / "library"
WORK = PROJECT / "artifacts" / "bench-ingestion"
BACKENDS = ("pypdf", "pdfium")
FILES, FILE_PAGES = 20, 500
STEPS = (2, 10, 20)
"""Files in the libraries whose time is compared: 1,000, 5,000 and 10,000 pages."""
SPEED_FILES = 2
LINES, LINE_WORDS, LEADING = 40, 12, 17.0
SEED = 7


class _Runs:
    """Folders for one run of the stage after the other."""

    def __init__(self) -> None:
        self._numbers = count()

    def ingest(self, source: Path, reading: Mapping[str, object], *, clean: bool = True) -> Measured:
        """Ingest `source` in a child process."""
        off = (
            {} if clean else dict.fromkeys(("contents", "references", "index", "notices", "contacts"), False)
        )
        config: dict[str, object] = {"reading": dict(reading), "cleaning": off}
        folder = WORK / f"run-{next(self._numbers)}"
        return run_stage("tasks.ingest.run", {"documents": source}, config, folder, psutil.cpu_count() or 1)


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    data: Path | None = parser.parse_args().data
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    runs, figures = _Runs(), _known()
    if data is not None:
        hostile = data.resolve() / "pdf-nasty"
        figures["hostile"] = {backend: _hostile(runs, backend, hostile) for backend in BACKENDS}
        save("ingestion", figures)
    books = _write_books()
    figures["backends"] = {backend: _backend(runs, backend, books) for backend in BACKENDS}
    save("ingestion", figures)
    figures["pages"] = _many_pages(runs, books)
    save("ingestion", figures)
    shutil.rmtree(WORK)


def _known() -> dict[str, object]:
    """Return the figures of the last run: those of parts that are left out stay."""
    path = RESULTS / "ingestion.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {key: value for key, value in known.items() if key != "machine"}


def _write_books() -> list[Path]:
    """Write books of prose in which no two pages are alike."""
    shelf = WORK / "books"
    shelf.mkdir()
    words = sorted(set(_words((LIBRARY / "anxiety" / "treating-anxiety.md").read_text(encoding="utf-8"))))
    draw = random.Random(SEED)  # noqa: S311  no secret
    paths = []
    for number in range(FILES):
        path = shelf / f"book-{number:02d}.pdf"
        canvas = Canvas(str(path), invariant=True)
        for page in range(FILE_PAGES):
            canvas.drawString(60, 815, f"The Book of Volume {number}")
            for line in range(LINES):
                text = " ".join(draw.choice(words) for _ in range(LINE_WORDS)).capitalize()
                canvas.drawString(60, 780 - LEADING * line, f"{text}.")
            canvas.drawString(290, 30, str(page + 1))
            canvas.showPage()
        canvas.save()
        paths.append(path)
    return paths


def _backend(runs: _Runs, backend: str, books: list[Path]) -> dict[str, float]:
    """Measure one parser's speed on books and its errors on the example library."""
    reading = {"backend": {"kind": backend}}
    measured = runs.ingest(_shelf(books[:SPEED_FILES]), reading)
    rates = {
        source.stem: _error_rate(source, runs.ingest(source.with_suffix(".pdf"), reading, clean=False))
        for source in sorted(LIBRARY.glob("*/*.md"))
    }
    return {
        "pages_read_per_cpu_second": _reading_rate(backend, books[0]),
        "pages_per_second": measured.metrics["pages"] / measured.seconds,
        "pages_per_cpu_second": measured.metrics["pages"] / measured.cpu_seconds,
        "word_error_rate": sum(rates.values()) / len(rates),
        "worst_word_error_rate": max(rates.values()),
    }


def _reading_rate(backend: str, book: Path) -> float:
    """Return the pages that the parser alone reads in a second of processor time."""
    open_pages = pypdf_pages.open_pages if backend == "pypdf" else pdfium_pages.open_pages
    start = time.process_time()
    pdf = open_pages(book, None)
    pages = sum(1 for number in range(pdf.count) if pdf.page(number + 1))
    return pages / (time.process_time() - start)


def _error_rate(source: Path, measured: Measured) -> float:
    """Return the word errors of the passages against the Markdown that the PDF was rendered from.

    Headings count on neither side: some become titles of passages, which do not hold them.
    """
    blocks = list(read_blocks(source, "markdown", source.read_text(encoding="utf-8")))
    headings = {block.text for block in blocks if block.kind is Kind.HEADING}
    passages = read_records(measured.out / "passages.jsonl", Passage)
    found = [line for passage in passages for line in passage.own.split("\n") if line not in headings]
    wanted = [block.text for block in blocks if block.kind is not Kind.HEADING]
    return float(jiwer.wer(" ".join(_words(" ".join(wanted))), " ".join(_words(" ".join(found)))))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:[-'’]\w+)*", text.lower())


def _shelf(books: list[Path]) -> Path:
    shelf = WORK / f"shelf-{len(books)}"
    shelf.mkdir(exist_ok=True)
    for book in books:
        (shelf / book.name).unlink(missing_ok=True)
        (shelf / book.name).hardlink_to(book)
    return shelf


def _many_pages(runs: _Runs, books: list[Path]) -> dict[str, object]:
    """Measure time and memory over growing libraries, and over one file with all their pages."""
    rows = [_row(runs.ingest(_shelf(books[:step]), {})) for step in STEPS]
    costs = [row["cpu_seconds"] / row["pages"] for row in rows]
    return {
        "libraries": rows,
        "one_file": _row(runs.ingest(_bound(books), {})),
        "cpu_seconds_per_page_last_to_first": costs[-1] / costs[0],
    }


def _row(measured: Measured) -> dict[str, float]:
    return {
        "pages": measured.metrics["pages"],
        "seconds": measured.seconds,
        "cpu_seconds": measured.cpu_seconds,
        "peak_memory_bytes": measured.peak_bytes,
    }


def _bound(books: list[Path]) -> Path:
    """Return one file with the pages of all books."""
    from pypdf import PdfWriter

    path = WORK / "all-books.pdf"
    with PdfWriter() as writer:
        for book in books:
            writer.append(book)
        writer.write(path)
    return path


def _hostile(runs: _Runs, backend: str, source: Path) -> dict[str, object]:
    """Read a hostile library, and require that every file of it is accounted for."""
    reading = {"backend": {"kind": backend}, "unreadable": "skip", "formats": ["pdf"]}
    measured = runs.ingest(source, reading)
    entries = json.loads((measured.out / "documents.json").read_text(encoding="utf-8"))
    files = {path.relative_to(source).as_posix() for path in source.rglob("*.pdf")}
    if {entry["name"] for entry in entries} != files:
        raise AssertionError(f"{source}: not every file is accounted for")
    return {
        "files": len(files),
        "seconds": measured.seconds,
        "cpu_seconds": measured.cpu_seconds,
        "peak_memory_bytes": measured.peak_bytes,
        "pages": measured.metrics["pages"],
        "files_by_status": Counter(entry["status"] for entry in entries),
        "files_by_reason": Counter(entry["reason"] for entry in entries if "reason" in entry),
    }


if __name__ == "__main__":
    main()
