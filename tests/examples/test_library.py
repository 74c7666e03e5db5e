"""The demo library: enough text in each domain, PDFs that are what their sources render to, and in
those PDFs the difficulties that ingestion must meet: running headers, page numbers, hyphenated line
ends and columns. Each document says that it is educational and no medical advice.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pypdf import PageObject, PdfReader

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
LIBRARY = EXAMPLES / "library"
DOMAINS = ("anxiety", "depression", "ocd")
BODY_SIZE = 10
"""Table cells and running lines are smaller, headings but the third level larger."""
PDFS = sorted(LIBRARY.glob("*/*.pdf"))

BULLETS = re.compile(r"^ ?\u2022 ", re.MULTILINE)
ITEMS = re.compile("^- ", re.MULTILINE)

each_pdf = pytest.mark.parametrize("pdf", PDFS, ids=lambda pdf: pdf.stem)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_at_least_two_documents_and_2500_words(domain: str) -> None:
    pdfs = [pdf for pdf in PDFS if pdf.parent.name == domain]
    assert len(pdfs) >= 2
    assert sum(len(text(pdf).split()) for pdf in pdfs) >= 2500


def test_rendering_the_sources_gives_the_committed_bytes(tmp_path: Path) -> None:
    done = render("--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == contents(LIBRARY)


def test_the_renderer_refuses_markdown_that_it_would_lose(tmp_path: Path) -> None:
    source = tmp_path / "domain" / "sample.md"
    source.parent.mkdir()
    source.write_text("# Title\n\n1. a numbered list\n")
    done = render("--library", str(tmp_path))
    assert done.returncode != 0
    assert "sample.md:3: the renderer knows no ordered_list" in done.stderr
    assert not source.with_suffix(".pdf").exists()


@each_pdf
def test_every_page_has_the_title_on_top_and_its_number_at_the_foot(pdf: Path) -> None:
    title = pdf.with_suffix(".md").read_text().splitlines()[0].removeprefix("# ")
    pages = [page.extract_text().strip().splitlines() for page in PdfReader(pdf).pages]
    assert [(lines[0], lines[-1]) for lines in pages] == [
        (title, f"Page {number} of {len(pages)}") for number in range(1, len(pages) + 1)
    ]


@each_pdf
def test_line_ends_are_hyphenated(pdf: Path) -> None:
    assert len(re.findall(r"[a-z]-\n[a-z]", text(pdf))) >= 20


@each_pdf
def test_a_page_has_two_columns_that_read_one_after_the_other(pdf: Path) -> None:
    pages = [columns(page) for page in PdfReader(pdf).pages]
    full = [sides for sides in pages if min(sides.count("left"), sides.count("right")) >= 20]
    assert full
    assert all(sides == sorted(sides) for sides in full)


@each_pdf
def test_a_document_has_a_list_and_a_table(pdf: Path) -> None:
    source = pdf.with_suffix(".md").read_text()
    header = re.search(r"^\| (.+?) \|.*\n\|-", source, re.MULTILINE)
    assert header
    assert f"\n{header[1]}\n" in text(pdf)
    assert len(BULLETS.findall(text(pdf))) == len(ITEMS.findall(source)) > 0


@each_pdf
def test_a_document_says_that_it_is_educational_and_no_medical_advice(pdf: Path) -> None:
    start = " ".join(text(pdf).replace("-\n", "").split())[:500]
    assert "educational" in start
    assert "no medical advice" in start
    assert "emergency number" in start


def render(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / "render.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def contents(folder: Path) -> dict[Path, bytes]:
    return {pdf.relative_to(folder): pdf.read_bytes() for pdf in folder.glob("*/*.pdf")}


def text(pdf: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(pdf).pages)


def columns(page: PageObject) -> list[str]:
    """Return for each line of body text, in the order of extraction, which half of the page it starts in."""
    sides: list[str] = []

    def visit(piece: str, outer: list[float], inner: list[float], _: Any, size: float) -> None:
        if piece.strip() and size == BODY_SIZE:
            start = outer[4] + inner[4]
            sides.append("left" if start < page.mediabox.width / 2 else "right")

    page.extract_text(visitor_text=visit)
    return sides
