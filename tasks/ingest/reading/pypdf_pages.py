"""Pages of a PDF as pypdf reads them.

In: a file and perhaps its password. Out: an OpenPdf whose pages are read one at a time, with
what pypdf remembers of them dropped as it goes, so that ten thousand pages cost no more
than a hundred.
"""

import re
from itertools import count
from pathlib import Path

from pypdf import PageObject, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject

from tasks.ingest.cleaning.lines import Line, assemble, clean, place
from tasks.ingest.reading.page_files import OpenPdf
from tasks.ingest.reading.page_quality import Page
from tasks.ingest.reading.pdf_failures import explained, locked, require_pdf

REMEMBERED_PAGES = 64
"""pypdf keeps every object that it has parsed; fonts and streams shared by pages make some worth keeping."""
PARENTS = 20
FIELD_SIZE = 10.0
FIELD_KINDS = frozenset({"/Tx", "/Ch"})
"""Text and choices: what is ticked or signed is no text."""
NESTED_FORMS = 3
INLINE_PICTURE = re.compile(rb"\bBI\b.*\bID\b", re.DOTALL)


def open_pages(path: Path, password: str | None) -> OpenPdf:
    """Open a PDF; raise UnreadableError where it cannot be."""
    require_pdf(path)
    with explained(path, "the file"):
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(password or ""):
            raise locked(password)
        pages = list(reader.pages)
    read = count(1)

    def page(number: int) -> Page:
        with explained(path, f"page {number}"):
            found = _page(pages[number - 1], number)
        if next(read) % REMEMBERED_PAGES == 0:
            reader.resolved_objects.clear()
        return found

    return OpenPdf(len(pages), _labels(reader, len(pages)), page, "pypdf")


def _page(page: PageObject, number: int) -> Page:
    pieces = _pieces(page, number)
    lines = [*assemble(pieces), *_field_lines(page, number)]
    return Page(lines, not lines and _has_pictures(page), "".join(piece.text for piece in pieces))


def _labels(reader: PdfReader, count: int) -> list[str]:
    if "/PageLabels" not in reader.root_object:
        return []
    # Labels are an ornament: a file whose labels are broken is read without them.
    try:
        labels = [clean(label) for label in reader.page_labels]
    except (AttributeError, LookupError, TypeError, ValueError):
        return []
    return [] if labels == [str(number + 1) for number in range(count)] else labels


def _pieces(page: PageObject, number: int) -> list[Line]:
    pieces: list[Line] = []

    def visit(
        text: str, cm: list[float], tm: list[float], font: dict[str, object] | None, size: float
    ) -> None:
        if text:
            matrix = _product(tm, cm)
            pieces.append(place(text, number, matrix, size, str((font or {}).get("/BaseFont", ""))))

    page.extract_text(visitor_text=visit)
    return pieces


def _product(m: list[float], n: list[float]) -> tuple[float, ...]:
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _field_lines(page: PageObject, number: int) -> list[Line]:
    """Return the values that are filled into the form fields of a page, behind their names."""
    lines: list[Line] = []
    for reference in page.get("/Annots") or []:
        widget: object = reference.get_object()
        if isinstance(widget, DictionaryObject) and widget.get("/Subtype") == "/Widget":
            name, value = (_inherited(widget, key) for key in ("/T", "/V"))
            if str(_inherited(widget, "/FT")) in FIELD_KINDS and isinstance(value, str) and clean(value):
                left, bottom = _corner(widget.get("/Rect"))
                lines.append(Line(clean(f"{name or ''}: {value}"), number, left, bottom, FIELD_SIZE))
    return lines


def _corner(rectangle: object) -> tuple[float, float]:
    """Return the lower left corner of an annotation, or the page's where it has none."""
    edges = [float(edge) for edge in rectangle[:4]] if isinstance(rectangle, ArrayObject) else []
    return (min(edges[0::2]), min(edges[1::2])) if len(edges) == len("xyxy") else (0.0, 0.0)


def _inherited(field: DictionaryObject, key: str) -> object:
    """Return a form field's entry, which may stand in one of its parents."""
    at: object = field
    for _ in range(PARENTS):
        if not isinstance(at, DictionaryObject) or key in at:
            break
        at = at.get("/Parent", None)
        at = at.get_object() if isinstance(at, PdfObject) else None
    return at[key] if isinstance(at, DictionaryObject) and key in at else None


def _has_pictures(page: PageObject) -> bool:
    """Tell whether a page shows pictures: its own, those within a form, or one in its content."""
    contents = page.get_contents()
    inline = contents is not None and INLINE_PICTURE.search(contents.get_data()) is not None
    return inline or _holds_pictures(page, NESTED_FORMS)


def _holds_pictures(shown: DictionaryObject, depth: int) -> bool:
    resources = shown.get("/Resources")
    objects = resources.get("/XObject") if isinstance(resources, DictionaryObject) else None
    for reference in objects.values() if isinstance(objects, DictionaryObject) and depth else ():
        item = reference.get_object()
        if isinstance(item, DictionaryObject) and (
            item.get("/Subtype") == "/Image" or _holds_pictures(item, depth - 1)
        ):
            return True
    return False
