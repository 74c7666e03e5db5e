"""Pages of a PDF as PDFium reads them.

In: a file and perhaps its password. Out: an OpenPdf whose pages are read one at a time. Text
objects are read rather than PDFium's plain text, because that leaves out fonts and places;
an object is what one drawing command wrote: a word, or a line.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import create_string_buffer
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
from pypdfium2 import PdfiumError, raw

from tasks.ingest.cleaning.lines import CELL_GAP, Line, clean, place, turned_last
from tasks.ingest.reading.page_files import OpenPdf
from tasks.ingest.reading.page_quality import Page
from tasks.ingest.reading.pdf_failures import explained, locked, require_pdf

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
SILENT_PIECES, SILENT_SHARE, MUTE_FONT = 3, 0.1, 0.6


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

    def page(number: int) -> Page:
        with explained(path, f"page {number}"):
            return _page(pdf, number)

    return OpenPdf(len(pdf), _labels(pdf), page, "pdfium")


def _page(pdf: pdfium.PdfDocument, number: int) -> Page:
    page = pdf[number - 1]
    text, pictures = page.get_textpage(), False
    pieces: list[Piece] = []
    for item in page.get_objects(filter=WANTED, textpage=text):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            pictures = True
        else:
            pieces.append(_piece(item))
    told = [piece for piece in pieces if piece.text]
    lines = [*join_pieces(told, number), *_field_lines(pdf, page, number)]
    text.close()
    page.close()
    return Page(lines, pictures, "".join(piece.text for piece in told), silent=_silent_fonts(pieces))


@dataclass(frozen=True)
class Piece:
    """What one drawing command wrote."""

    text: str
    matrix: tuple[float, ...]
    font_size: float
    font: str
    length: float
    """How far it reaches along its reading direction, in points; 0 where that is not known."""


def _piece(item: pdfium.PdfTextObj) -> Piece:
    """Return what one drawing command wrote: nothing, where it is spaces, or PDFium knows no letter of it."""
    if raw.FPDFTextObj_GetText(item, item.textpage, None, 0) <= EMPTY_BYTES:
        return Piece("", (), 0.0, _font(item), 0.0)
    matrix, bounds, holder = item.get_matrix(), item.get_bounds(), item.container
    while holder is not None:
        outer = holder.get_matrix()
        matrix, bounds, holder = matrix.multiply(outer), outer.on_rect(*bounds), holder.container
    values = tuple(matrix.get())
    length = _length(bounds, values)
    text = item.extract().translate(HYPHENS)
    return Piece(text, values, item.get_font_size(), _font(item), length)


def _silent_fonts(pieces: Sequence[Piece]) -> frozenset[str]:
    """Return the fonts that write often and mostly yield nothing: those for spaces alone are among them."""
    wrote = Counter(piece.font for piece in pieces)
    empty = Counter(piece.font for piece in pieces if not piece.text)
    silent = {font: times for font, times in empty.items() if times > MUTE_FONT * wrote[font]}
    many = sum(silent.values()) >= max(SILENT_PIECES, SILENT_SHARE * len(pieces))
    return frozenset(silent) if many else frozenset()


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
            name = _field_text(raw.FPDFAnnot_GetFormFieldName, pdf, annotation)
            value = _field_text(raw.FPDFAnnot_GetFormFieldValue, pdf, annotation)
            place = raw.FS_RECTF()
            if value and raw.FPDFAnnot_GetRect(annotation, place):
                lines.append(Line(f"{name}: {value}", number, place.left, place.bottom, FIELD_SIZE))
        raw.FPDFPage_CloseAnnot(annotation)
    return lines


def _field_text(ask: Callable[..., int], pdf: pdfium.PdfDocument, annotation: object) -> str:
    size = ask(pdf.formenv, annotation, None, 0)
    buffer = (raw.FPDF_WCHAR * max(1, (size + 1) // 2))()
    ask(pdf.formenv, annotation, buffer, size)
    return clean(bytes(buffer).decode("utf-16-le", "replace").rstrip("\0"))


WORD_GAP = 0.22
"""Space between two pieces, in font sizes, that stands for a space between words."""
FULL_CELL_GAP = 0.8
"""The same, in font sizes, that makes cells where others start: more than between justified words."""
SAME_BASELINE = 0.3
FORWARD, BACKWARD = frozenset({"L"}), frozenset({"R", "AL"})
MARKS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True)
class _Placed:
    line: Line
    end: float
    """Where it ends along its reading direction."""


def join_pieces(pieces: Iterable[Piece], page: int) -> list[Line]:
    """Return the lines of a page."""
    placed = [_placed(piece, page) for piece in pieces]
    rows = _rows(placed, frozenset())
    starts = frozenset(_cell_starts(rows))
    if starts:
        rows = _rows(placed, starts)
    lines = (_line(row) for row in rows)
    return turned_last([line for line in lines if line.text])


def _placed(piece: Piece, page: int) -> _Placed:
    line = place(piece.text, page, piece.matrix, piece.font_size, piece.font)
    return _Placed(line, line.x + piece.length if piece.length else line.right)


def _rows(pieces: Iterable[_Placed], starts: frozenset[int]) -> list[list[_Placed]]:
    """Return the pieces of each line or cell; where cells are known to start, a narrower gap parts two."""
    rows: list[list[_Placed]] = []
    for piece in pieces:
        if rows and _goes_on(rows[-1], piece, starts):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return rows


def _cell_starts(rows: Sequence[Sequence[_Placed]]) -> Iterator[int]:
    """Yield where cells start, in whole points: a full cell leaves less space before the next than others."""
    for row, following in pairwise(rows):
        one, other = row[-1].line, following[0].line
        if one.turn == other.turn and abs(one.y - other.y) <= SAME_BASELINE * one.size and other.x > one.x:
            yield round(other.x)


def _goes_on(row: Sequence[_Placed], piece: _Placed, starts: frozenset[int]) -> bool:
    """Tell whether a piece stands in the same line and cell as those before it."""
    last = row[-1]
    size = max(last.line.size, piece.line.size)
    if piece.line.turn != last.line.turn or abs(piece.line.y - last.line.y) > SAME_BASELINE * size:
        return False
    gap = piece.line.x - last.end
    if -size <= gap <= (FULL_CELL_GAP if round(piece.line.x) in starts else CELL_GAP) * size:
        return True
    back = last.line.x - piece.end
    return -size <= back <= CELL_GAP * size and _is_backward([*row, piece])


def _line(row: Sequence[_Placed]) -> Line:
    backward = _is_backward(row)
    ordered = sorted(row, key=lambda placed: placed.line.x, reverse=backward)
    if not backward:
        # Overlapping pieces, such as a bold print made of two, keep the order in which they are drawn.
        ordered = list(row)
    text = "".join(_glued(ordered, backward=backward))
    main = max(row, key=lambda placed: sum(map(str.isalnum, placed.line.text))).line
    worded = [placed.line for placed in row if MARKS.sub("", placed.line.text)]
    start = min(placed.line.x for placed in row)
    bold = all(line.bold for line in worded or [main])
    return replace(main, text=clean(text), x=start, bold=bold)


def _glued(row: Sequence[_Placed], *, backward: bool) -> Iterator[str]:
    yield row[0].line.text
    for one, other in pairwise(row):
        gap = one.line.x - other.end if backward else other.line.x - one.end
        apart = gap > WORD_GAP * max(one.line.size, other.line.size)
        spaced = one.line.text[-1:].isspace() or other.line.text[:1].isspace()
        yield (" " if apart and not spaced else "") + other.line.text


def _is_backward(row: Sequence[_Placed]) -> bool:
    """Tell whether most letters are of a script that runs from right to left."""
    kinds = [unicodedata.bidirectional(character) for placed in row for character in placed.line.text]
    return sum(kind in BACKWARD for kind in kinds) > sum(kind in FORWARD for kind in kinds)
