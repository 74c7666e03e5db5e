"""Pins that a scanned file is readable where OCRmyPDF and Tesseract are installed, within its limits."""

from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, StreamObject
from reportlab.pdfgen.canvas import Canvas

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


def test_a_page_whose_font_hides_its_letters_is_recognised_and_its_neighbours_are_left_alone(
    tmp_path: Path,
) -> None:
    source = hidden(tmp_path / "hidden.pdf")
    with pytest.raises(DocumentError, match="letters that its fonts do not name"):
        read_library(source, ReadingConfig(), tmp_path / "plain", silent)
    writer = PdfWriter(clone_from=source)
    writer.append(plain(tmp_path / "plain.pdf"))
    for name, source_ in {"all": source, "some": tmp_path / "both.pdf"}.items():
        writer.write(tmp_path / "both.pdf")
        config = ReadingConfig.model_validate({"ocr": {"kind": "ocrmypdf"}})
        (document,) = read_library(source_, config, tmp_path / name, silent).documents
        assert document.recognised
        assert not document.readings.unreadable
        assert {" ".join(line.text for line in page) for page in document.content} == {" ".join(LINES)}


def plain(path: Path) -> Path:
    canvas = Canvas(str(path))
    canvas.setFont("Helvetica", 20)
    for number, line in enumerate(LINES):
        canvas.drawString(60, 700 - 40 * number, line)
    canvas.save()
    return path


def hidden(path: Path) -> Path:
    """Write text that looks right, in a font that says its letters are characters of private use."""
    writer = PdfWriter(clone_from=plain(path))
    rows = "\n".join(f"<{code:02x}> <{0xE000 + code:04x}>" for code in range(97, 123))
    head = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def"
    cmap = StreamObject()
    cmap.set_data(
        f"{head} 1 begincodespacerange <00> <ff> endcodespacerange 26 beginbfchar\n{rows}\nendbfchar"
        " endcmap end end".encode()
    )
    fonts = writer.pages[0]["/Resources"]["/Font"].get_object()
    for font in fonts.values():
        font.get_object()[NameObject("/ToUnicode")] = writer._add_object(cmap)
    writer.write(path)
    return path
