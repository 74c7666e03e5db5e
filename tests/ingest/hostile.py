"""Hostile PDFs, written byte by byte, so that a test states what is wrong with one."""

import zlib
from collections.abc import Sequence
from pathlib import Path

CATALOG, PAGES, PAGE, CONTENT, FONT = range(1, 6)


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """Return a PDF of these objects, numbered from 1, the first of which is its catalog."""
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))
    return data + head + table + tail


def stream(content: bytes, *, twice: bool = False) -> bytes:
    """Return a compressed stream object; `twice` packs what is packed already."""
    packed, filters = zlib.compress(content, 9), b"/FlateDecode"
    if twice:
        packed, filters = zlib.compress(packed, 9), b"[/FlateDecode /FlateDecode]"
    return b"<< /Length %d /Filter %s >>\nstream\n%s\nendstream" % (len(packed), filters, packed)


def write_font(path: Path, *pages: bytes, font: bytes, others: Sequence[bytes] = ()) -> Path:
    """Write a PDF whose pages draw their text in Helvetica (F2) and in this font (F1), object 4."""
    kids = b" ".join(b"%d 0 R" % number for number in range(6, 6 + len(pages)))
    shared = b"/Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> /MediaBox [0 0 600 800]"
    first = 6 + len(pages)
    sheets = [
        b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R >>" % number
        for number in range(first, first + len(pages))
    ]
    helvetica = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    tree = b"<< /Type /Pages /Kids [%s] /Count %d %s >>" % (kids, len(pages), shared)
    catalog = [b"<< /Type /Catalog /Pages 2 0 R >>", tree, others[0] if others else b"null", font, helvetica]
    path.write_bytes(pdf_of([*catalog, *sheets, *map(stream, pages), *others[1:]]))
    return path


def write_page(path: Path, content: bytes, *, twice: bool = False) -> Path:
    """Write a PDF of one page that draws `content`."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
    path.write_bytes(
        pdf_of(
            [
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                page + b" /Resources << /Font << /F1 5 0 R >> >> >>",
                stream(content, twice=twice),
                b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            ]
        )
    )
    return path


def write_tree(path: Path, pages: bytes, page: bytes = b"<< /Type /Page /Parent 2 0 R >>") -> Path:
    """Write a PDF with this root of the page tree, object 2, and this object 3."""
    path.write_bytes(pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page]))
    return path
