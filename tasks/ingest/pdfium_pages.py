"""Pages of a PDF as PDFium reads them.

In: a file and perhaps its password. Out: an OpenPdf whose pages come one at a time. Text
objects are read rather than PDFium's plain text, because that leaves out fonts and places;
an object is what one drawing command wrote: a word, or a line.
"""

from collections.abc import Callable, Iterator, Sequence
from ctypes import create_string_buffer
from pathlib import Path

import pypdfium2 as pdfium
from pypdfium2 import PdfiumError, raw

from tasks.ingest.lines import Line, clean
from tasks.ingest.page_files import OpenPdf, Page
from tasks.ingest.pdf_failures import explained, locked, require_pdf
from tasks.ingest.pdfium_lines import Piece, join_pieces

WANTED = [raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_IMAGE]
FIELD_KINDS = frozenset(
    {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
)
FIELD_SIZE = 10.0
FONT_NAME_BYTES = 256
EMPTY_BYTES = 2
"""A text without characters has its end alone."""
HYPHENS = {0x02: "-", 0xFFFE: "-"}
"""PDFium's marks of a hyphen that it takes for a line break's."""
STRAIGHT = 0.01


def open_pages(path: Path, password: str | None) -> OpenPdf:
    """Open a PDF; raise UnreadableError where it cannot be."""
    require_pdf(path)
    with explained(path, "the file"):
        try:
            pdf = pdfium.PdfDocument(path, password=password)
        except PdfiumError as error:
            if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD:
                raise locked(password) from error
            raise
        pdf.init_forms()
    return OpenPdf(len(pdf), _labels(pdf), _pages(path, pdf))


def _pages(path: Path, pdf: pdfium.PdfDocument) -> Iterator[Page]:
    for at in range(len(pdf)):
        with explained(path, f"page {at + 1}"):
            page = pdf[at]
            text, pictures = page.get_textpage(), False
            pieces: list[Piece] = []
            for item in page.get_objects(filter=WANTED, textpage=text):
                if item.type == raw.FPDF_PAGEOBJ_IMAGE:
                    pictures = True
                else:
                    pieces.extend(_piece(item))
            lines = [*join_pieces(pieces, at + 1), *_field_lines(pdf, page, at + 1)]
            text.close()
            page.close()
        yield Page(lines, pictures)


def _piece(item: pdfium.PdfTextObj) -> Iterator[Piece]:
    """Yield what one drawing command wrote, unless that is nothing."""
    if raw.FPDFTextObj_GetText(item, item.textpage, None, 0) <= EMPTY_BYTES:
        return
    matrix, bounds, holder = item.get_matrix(), item.get_bounds(), item.container
    while holder is not None:
        outer = holder.get_matrix()
        matrix, bounds, holder = matrix.multiply(outer), outer.on_rect(*bounds), holder.container
    values = tuple(matrix.get())
    length = _length(bounds, values)
    text = item.extract().translate(HYPHENS)
    yield Piece(text, values, item.get_font_size(), _font(item), length)


def _length(bounds: Sequence[float], matrix: Sequence[float]) -> float:
    """Return how far a piece reaches along its direction; 0 for slanted ones: their bounds say less."""
    a, b, _, _, e, f = matrix
    if min(abs(a), abs(b)) > STRAIGHT * max(abs(a), abs(b)):
        return 0.0
    left, bottom, right, top = bounds
    if abs(a) > abs(b):
        return max(0.0, right - e if a > 0 else e - left)
    return max(0.0, top - f if b > 0 else f - bottom)


def _font(item: pdfium.PdfTextObj) -> str:
    name = create_string_buffer(FONT_NAME_BYTES)
    raw.FPDFFont_GetBaseFontName(raw.FPDFTextObj_GetFont(item), name, FONT_NAME_BYTES)
    return name.value.decode("utf-8", "replace")


def _labels(pdf: pdfium.PdfDocument) -> list[str]:
    labels = [clean(pdf.get_page_label(at)) for at in range(len(pdf))]
    return [] if not any(labels) or labels == [str(at + 1) for at in range(len(pdf))] else labels


def _field_lines(pdf: pdfium.PdfDocument, page: pdfium.PdfPage, number: int) -> list[Line]:
    """Return the values that are filled into the form fields of a page, behind their names."""
    lines = []
    for at in range(raw.FPDFPage_GetAnnotCount(page) if pdf.formenv else 0):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if raw.FPDFAnnot_GetFormFieldType(pdf.formenv, annotation) in FIELD_KINDS:
            name = _said(raw.FPDFAnnot_GetFormFieldName, pdf, annotation)
            value = _said(raw.FPDFAnnot_GetFormFieldValue, pdf, annotation)
            place = raw.FS_RECTF()
            if value and raw.FPDFAnnot_GetRect(annotation, place):
                lines.append(Line(f"{name}: {value}", number, place.left, place.bottom, FIELD_SIZE))
        raw.FPDFPage_CloseAnnot(annotation)
    return lines


def _said(ask: Callable[..., int], pdf: pdfium.PdfDocument, annotation: object) -> str:
    size = ask(pdf.formenv, annotation, None, 0)
    buffer = (raw.FPDF_WCHAR * max(1, (size + 1) // 2))()
    ask(pdf.formenv, annotation, buffer, size)
    return clean(bytes(buffer).decode("utf-16-le", "replace").rstrip("\0"))
