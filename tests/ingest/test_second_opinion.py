"""Pins that a page that one PDF parser reads badly is read by the other, and is named where both do."""

from pathlib import Path

import pytest
from drawn_pages import PROSE, Sheet, draw
from hostile import write_font, write_tree
from reading import PDFIUM, PYPDF, read, reason, texts
from reportlab.pdfbase.pdfmetrics import stringWidth
from test_account import ingest

from tasks.kernel.errors import DocumentError

pytestmark = pytest.mark.slow

SENTENCE = "THE BOATS LEAVE IN THE DARK WITH LAMPS LIT"
CHINESE = "港口比城镇醒得早船只在黑暗中点着灯离开"


def written(text: str, font: str = "F1") -> bytes:
    return f"BT /{font} 12 Tf 60 700 Td ({text}) Tj ET".encode()


GOOD = written(PROSE[0], "F2")
GLYPHS = b" ".join(b"/g%d" % code for code in range(26))
UNNAMED = (
    b"<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Foo /FirstChar 65 /LastChar 90 /Widths ["
    + b"600 " * 26
    + b"] /Encoding << /Type /Encoding /Differences [65 "
    + GLYPHS
    + b"] >> >>"
)
"""Only glyph names that mean nothing; their codes happen to be ASCII, which PDFium falls back on."""


def mapped(first: int) -> tuple[bytes, bytes]:
    """Return a font, and the map that turns its A to Z into characters from `first` on."""
    rows = "\n".join(f"<{65 + at:02x}> <{first + at:04x}>" for at in range(26))
    head = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def"
    body = f"{head} 1 begincodespacerange <00> <ff> endcodespacerange 26 beginbfchar\n{rows}\nendbfchar"
    content = f"{body} endcmap end end".encode()
    return (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 3 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    )


def gbk(path: Path) -> Path:
    """Write Chinese in a font that is not embedded and has no map, as official documents do."""
    data = CHINESE.encode("gbk")
    pieces = b" ".join(b"<%s> Tj 12 0 Td" % data[at : at + 2].hex().encode() for at in range(0, len(data), 2))
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /GBK-EUC-H /DescendantFonts [3 0 R] >>"
    )
    system = b"<< /Registry (Adobe) /Ordering (GB1) /Supplement 2 >>"
    descendant = (
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SimSun /CIDSystemInfo %s /DW 1000 >>" % system
    )
    return write_font(path, b"BT /F1 12 Tf 60 700 Td " + pieces + b" ET", font=font, others=[descendant])


def test_glyph_names_of_one_parser_are_read_by_the_other(tmp_path: Path) -> None:
    source = write_font(tmp_path / "a.pdf", GOOD, written(SENTENCE), font=UNNAMED)
    (document,) = read(source, tmp_path / "s", backend=PYPDF).documents
    assert texts(document) == [[PROSE[0]], [SENTENCE]]
    assert document.readings.other_pages == (2,)


def test_without_a_second_opinion_such_a_page_is_named_and_left_out(tmp_path: Path) -> None:
    source = write_font(tmp_path / "a.pdf", GOOD, written(SENTENCE), font=UNNAMED)
    (document,) = read(source, tmp_path / "s", backend=PYPDF, second_opinion=False).documents
    assert texts(document) == [[PROSE[0]], []]
    assert document.readings.unreadable == {2: "glyph names in place of letters"}


def test_a_font_that_pdfium_has_no_letters_of_is_read_by_pypdf(tmp_path: Path) -> None:
    (document,) = read(gbk(tmp_path / "a.pdf"), tmp_path / "s").documents
    assert texts(document) == [[CHINESE]]
    with pytest.raises(DocumentError, match="no text in it"):
        read(tmp_path / "a.pdf", tmp_path / "alone", second_opinion=False)


@pytest.mark.parametrize("backend", [PYPDF, PDFIUM], ids=["pypdf", "pdfium"])
@pytest.mark.parametrize("first", [0xE100, 0xF041, 0x0001], ids=["private", "symbol", "control"])
def test_letters_that_no_parser_knows_are_no_passage(
    tmp_path: Path, backend: dict[str, str], first: int
) -> None:
    font, cmap = mapped(first)
    page = written(f"{SENTENCE} {SENTENCE}")
    source = write_font(tmp_path / "a.pdf", GOOD, page, GOOD, page, font=font, others=[cmap])
    metrics, entries, passages = ingest(source, tmp_path / "out", reading={"backend": backend})
    flaw = "letters that its fonts do not name"
    assert entries["a.pdf"]["pages_unreadable"] == {"2": flaw, "4": flaw}
    assert entries["a.pdf"]["pages_without_text"] == entries["a.pdf"]["pages_removed"] == []
    assert metrics["pages_unreadable"] == 2
    assert {passage.own.isascii() for passage in passages} == {True}


@pytest.mark.parametrize(
    ("text", "font", "word", "told"),
    [
        (SENTENCE, mapped(0xE100), "no_unicode", "letters that its fonts do not name"),
        (SENTENCE.replace(" ", "") * 5, (UNNAMED, b"null"), "run_together", "words run together"),
    ],
    ids=["private", "run-together"],
)
def test_a_file_of_such_pages_alone_is_refused_by_name(
    library: Path, text: str, font: tuple[bytes, bytes], word: str, told: str
) -> None:
    write_font(library / "bad.pdf", written(text), font=font[0], others=[font[1]])
    assert reason(library) == word
    with pytest.raises(DocumentError, match=f"its text comes out as {told}; run OCR on it"):
        read(library / "bad.pdf", library.parent / "again")


def test_a_file_that_the_first_parser_cannot_open_is_read_by_the_other(tmp_path: Path) -> None:
    source = draw(tmp_path / "a.pdf", [Sheet().write(*PROSE)])
    data = source.read_bytes()
    # What the cross-reference table says is wrong everywhere, and the end is missing: pypdf gives up.
    source.write_bytes(data[: data.rindex(b"xref")].replace(b"/Count 1", b"/Count 1 /Kids [999 0 R]", 0))
    for backend in (PYPDF, PDFIUM):
        (document,) = read(source, tmp_path / backend["kind"], backend=backend).documents
        assert texts(document) == [list(PROSE)]


def test_the_more_telling_of_two_failures_is_told(library: Path) -> None:
    write_tree(library / "bad.pdf", b"<< /Type /Pages /Kids [] /Count 0 >>")
    assert reason(library) == "no_pages"


def test_a_second_reading_is_in_the_account(tmp_path: Path) -> None:
    _, entries, _ = ingest(gbk(tmp_path / "a.pdf"), tmp_path / "out")
    told = {name: entries["a.pdf"].get(name) for name in ("pages_by_other_parser", "first_parser_failed")}
    assert told == {"pages_by_other_parser": [1], "first_parser_failed": None}
    draw(tmp_path / "b.pdf", [Sheet().write(*PROSE)])
    _, entries, _ = ingest(tmp_path / "b.pdf", tmp_path / "plain")
    assert not {"pages_by_other_parser", "first_parser_failed", "parser", "pages_unreadable"} & set(
        entries["b.pdf"]
    )


def test_a_full_cell_does_not_run_into_the_next(tmp_path: Path) -> None:
    rows = [
        ("Day", "Trigger", "Response"),
        ("Monday", "Leaving for work by bus", "Checked"),
        ("Friday", "Rain", "Sat"),
    ]
    left = (60.0, 140.0, 152.0 + stringWidth("Leaving for work by bus", "Helvetica", 10))
    sheet = Sheet()
    for at, row in enumerate(rows):
        for x, cell in zip(left, row, strict=True):
            sheet.y = 700 - 14 * at
            sheet.write(cell, x=x)
    (document,) = read(draw(tmp_path / "a.pdf", [sheet]), tmp_path / "s").documents
    assert texts(document) == [[cell for row in rows for cell in row]]
