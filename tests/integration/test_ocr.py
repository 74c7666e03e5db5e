"""Pins that a scanned file is readable where OCRmyPDF and Tesseract are installed, within its limits."""

from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter

from tasks.ingest.passages.stored_documents import StoredPages
from tasks.ingest.reading.library import read_library
from tasks.ingest.reading_config import ReadingConfig
from tasks.kernel.errors import DocumentError
from tasks.kernel.workspace import silent

pytestmark = pytest.mark.integration
LINES = ["The harbour wakes before the town does", "and the boats leave in the dark."]


def scan(path: Path) -> Path:
    """Write a page of text as a picture."""
    picture = Image.new("L", (1240, 1754), 255)
    font = ImageFont.truetype(f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans.ttf", 44)
    for number, line in enumerate(LINES):
        ImageDraw.Draw(picture).text((100, 200 + 80 * number), line, font=font, fill=0)
    picture.save(path, resolution=150)
    return path


@pytest.mark.parametrize("backend", ["pypdf", "pdfium"])
def test_a_scan_is_read_with_the_ocr_extra(tmp_path: Path, backend: str) -> None:
    source = scan(tmp_path / "scan.pdf")
    config = ReadingConfig.model_validate({"ocr": {"kind": "ocrmypdf"}, "backend": {"kind": backend}})
    (document,) = read_library(source, config, tmp_path / "scratch", silent).documents
    assert document.recognised
    assert isinstance(document.content, StoredPages)
    assert [[line.text for line in page] for page in document.content] == [LINES]


def test_an_encrypted_scan_is_read_with_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCAN_PASSWORD", "open sesame")
    writer = PdfWriter(clone_from=PdfReader(scan(tmp_path / "scan.pdf")))
    writer.encrypt("open sesame", algorithm="AES-256")
    writer.write(tmp_path / "scan.pdf")
    config = ReadingConfig.model_validate(
        {"ocr": {"kind": "ocrmypdf"}, "password_variables": {"scan.pdf": "SCAN_PASSWORD"}}
    )
    (document,) = read_library(tmp_path / "scan.pdf", config, tmp_path / "scratch", silent).documents
    assert document.recognised
    assert [path for path in (tmp_path / "scratch").iterdir() if path.suffix == ".pdf"] == []


def test_a_language_without_data_is_named(tmp_path: Path) -> None:
    config = ReadingConfig.model_validate({"ocr": {"kind": "ocrmypdf", "languages": ["xyz"]}})
    with pytest.raises(
        DocumentError, match=r"scan\.pdf: scanned, and OCR cannot start .*install the data of xyz"
    ):
        read_library(scan(tmp_path / "scan.pdf"), config, tmp_path / "scratch", silent)


def test_recognition_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    config = ReadingConfig.model_validate({"ocr": {"kind": "ocrmypdf", "page_seconds": 0.05}})
    with pytest.raises(DocumentError, match=r"scan\.pdf: its recognition takes over 0\.05 s"):
        read_library(scan(tmp_path / "scan.pdf"), config, tmp_path / "scratch", silent)


def test_a_page_without_anything_to_recognise_is_named(tmp_path: Path) -> None:
    Image.new("L", (600, 800), 255).save(tmp_path / "blank.pdf", resolution=72)
    config = ReadingConfig.model_validate({"ocr": {"kind": "ocrmypdf"}})
    with pytest.raises(DocumentError, match=r"blank\.pdf: OCR finds no text in it"):
        read_library(tmp_path / "blank.pdf", config, tmp_path / "scratch", silent)
