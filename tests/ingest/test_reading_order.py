"""Pins what both parsers make of a page: columns, turned pages, ligatures, scripts, labels and forms."""

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pytest
from drawn_pages import LEADING, PROSE, TOP, Sheet, draw
from pypdf import PdfReader, PdfWriter
from reading import PDFIUM, PYPDF, read, texts
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tasks.ingest.passages.stored_documents import Document

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", [PYPDF, PDFIUM], ids=["pypdf", "pdfium"])]
Backend = dict[str, str]


def drawn(path: Path, paint: Callable[[Canvas], object]) -> Path:
    """Write a page in a font that knows most scripts."""
    pdfmetrics.registerFont(TTFont("Any", f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans.ttf"))
    canvas = Canvas(str(path), invariant=True)
    canvas.setFont("Any", 10)
    paint(canvas)
    canvas.save()
    return path


def only(source: Path, backend: Backend) -> Document:
    return read(source, source.parent / "scratch", backend=backend).documents[0]


def columns() -> tuple[list[str], list[str]]:
    left = [f"Left line {number} goes on and on to its edge" for number in range(9)]
    return left, [line.replace("Left", "right") for line in left]


def test_columns_drawn_one_after_the_other(tmp_path: Path, backend: Backend) -> None:
    left, right = columns()
    sheet = Sheet().write(*left)
    sheet.y = TOP - 40
    source = draw(tmp_path / "a.pdf", [sheet.write(*right, x=320)])
    assert texts(only(source, backend)) == [left + right]


def test_columns_drawn_row_by_row(tmp_path: Path, backend: Backend) -> None:
    left, right = columns()
    sheet = Sheet().write("A title over both of the columns")
    for pair in zip(left, right, strict=True):
        sheet.put(pair[0], 60, sheet.y).put(pair[1], 320, sheet.y)
        sheet.y -= LEADING
    source = draw(tmp_path / "a.pdf", [sheet])
    assert texts(only(source, backend)) == [["A title over both of the columns", *left, *right]]


def test_a_table_of_short_cells_stays_in_rows(tmp_path: Path, backend: Backend) -> None:
    sheet = Sheet()
    for number in range(9):
        sheet.put(f"Boat {number}", 60, sheet.y).put(f"Crew of {number}", 320, sheet.y)
        sheet.y -= LEADING
    lines = texts(only(draw(tmp_path / "a.pdf", [sheet]), backend))[0]
    assert lines[:4] == ["Boat 0", "Crew of 0", "Boat 1", "Crew of 1"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page(tmp_path: Path, backend: Backend, degrees: int) -> None:
    def paint(canvas: Canvas) -> None:
        canvas.translate(300, 400)
        canvas.rotate(degrees)
        for at, line in enumerate(PROSE):
            canvas.drawString(-200, -14 * at, line)

    source = drawn(tmp_path / "a.pdf", paint)
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.pages[0].rotate(degrees)
    writer.write(source)
    assert texts(only(source, backend)) == [list(PROSE)]


def test_ligatures_become_letters(tmp_path: Path, backend: Backend) -> None:
    source = drawn(tmp_path / "a.pdf", lambda canvas: canvas.drawString(60, 700, "Eﬃcient ﬁsh ﬂow oﬀ"))
    assert texts(only(source, backend)) == [["Efficient fish flow off"]]


@pytest.mark.parametrize(
    "line",
    [
        "السلام عليكم يا صديقي",
        "שלום לכל העולם",
        "Ελληνικά γράμματα",
        "русские буквы",
        "déjà vu, straße, łódź",
    ],
    ids=["arabic", "hebrew", "greek", "cyrillic", "latin"],
)
def test_scripts_come_in_the_order_in_which_they_are_read(
    tmp_path: Path, backend: Backend, line: str
) -> None:
    backwards = "\u0590" <= line[0] <= "\u06ff"
    painted = line[::-1] if backwards else line
    source = drawn(tmp_path / "a.pdf", lambda canvas: canvas.drawString(60, 700, painted))
    assert texts(only(source, backend)) == [[line]]


def test_page_labels_are_kept_where_they_are_not_the_plain_count(tmp_path: Path, backend: Backend) -> None:
    source = draw(tmp_path / "a.pdf", [Sheet().write(*PROSE) for _ in range(3)])
    assert only(source, backend).labels == ()
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.set_page_label(0, 1, style="/r")
    writer.set_page_label(2, 2, style="/D", start=1)
    writer.write(tmp_path / "b.pdf")
    assert only(tmp_path / "b.pdf", backend).labels == ("i", "ii", "1")


def test_what_is_filled_into_a_form_is_text(tmp_path: Path, backend: Backend) -> None:
    def paint(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Name of the boat")
        canvas.acroForm.textfield(name="boat", value="Alma", x=200, y=695, width=100, height=16)
        canvas.acroForm.textfield(name="empty", value="", x=200, y=600, width=100, height=16)

    assert texts(only(drawn(tmp_path / "a.pdf", paint), backend)) == [["Name of the boat", "boat: Alma"]]
