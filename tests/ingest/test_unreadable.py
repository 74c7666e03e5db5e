"""Pins that every hostile file ends as a named reason beside a good one, within its limits."""

from pathlib import Path

import pytest
from drawn_pages import PROSE, Sheet, draw
from hostile import pdf_of, write_page, write_tree
from pypdf import PdfWriter
from reading import PDFIUM, PYPDF, read, reason, texts
from reportlab.pdfgen.canvas import Canvas

from tasks.kernel.errors import ConfigError, DocumentError

pytestmark = pytest.mark.slow

both = pytest.mark.parametrize("backend", [PYPDF, PDFIUM], ids=["pypdf", "pdfium"])
SELF = b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"
NO_KIDS = b"<< /Type /Pages /Kids [] /Count 0 >>"


def locked(path: Path) -> Path:
    writer = PdfWriter(clone_from=draw(path, [Sheet().write(*PROSE)]))
    writer.encrypt("open sesame", "owner", algorithm="AES-256")
    writer.write(path)
    return path


@both
def test_an_empty_file(library: Path, backend: dict[str, str]) -> None:
    (library / "bad.pdf").touch()
    assert reason(library, backend=backend) == "empty"


@both
def test_a_file_that_is_no_pdf(library: Path, backend: dict[str, str]) -> None:
    (library / "bad.pdf").write_text("<html>Not found</html>", encoding="utf-8")
    assert reason(library, backend=backend) == "wrong_format"


def test_a_truncated_file(library: Path) -> None:
    data = (library / "good.pdf").read_bytes()
    (library / "bad.pdf").write_bytes(data[: len(data) // 2])
    assert reason(library) == "truncated"


def test_a_file_whose_objects_are_damaged(library: Path) -> None:
    (library / "bad.pdf").write_bytes(pdf_of([b"<< /Type /Catalog /Pages (none) >>"]))
    assert reason(library) == "damaged"


def test_a_file_without_pages(library: Path) -> None:
    write_tree(library / "bad.pdf", NO_KIDS)
    assert reason(library) == "no_pages"


def test_a_file_whose_page_tree_holds_itself(library: Path) -> None:
    write_tree(library / "bad.pdf", SELF)
    assert reason(library) == "cyclic"


@both
def test_a_file_whose_structure_is_nested_without_end_takes_no_parser_along(
    library: Path, backend: dict[str, str]
) -> None:
    write_page(library / "bad.pdf", b"[" * 100_000, twice=True)
    assert reason(library, backend=backend) in {"cyclic", "no_text"}


@both
def test_an_encrypted_file_without_password(library: Path, backend: dict[str, str]) -> None:
    locked(library / "bad.pdf")
    assert reason(library, backend=backend) == "encrypted"


@both
def test_an_encrypted_file_with_its_password(
    tmp_path: Path, backend: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINUTES_PASSWORD", "open sesame")
    source = locked(tmp_path / "minutes-1.pdf")
    (document,) = read(
        source, tmp_path / "s", backend=backend, password_variables={"minutes-*": "MINUTES_PASSWORD"}
    ).documents
    assert texts(document) == [list(PROSE)]
    left = b"".join(path.read_bytes() for path in (tmp_path / "s").iterdir())
    assert b"sesame" not in left


@both
def test_a_wrong_password_is_never_skipped(
    library: Path, backend: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "open barley")
    locked(library / "bad.pdf")
    with pytest.raises(DocumentError, match=r"bad\.pdf: encrypted, and the password .* is wrong"):
        reason(library, backend=backend, password_variables={"*": "PASSWORD"})


def test_a_password_that_is_not_in_the_environment(library: Path) -> None:
    with pytest.raises(ConfigError, match=r"NO_SUCH_PASSWORD, for good\.pdf, is not in the environment"):
        reason(library, password_variables={"*": "NO_SUCH_PASSWORD"})


@both
def test_a_scan_is_told_from_an_empty_page(library: Path, backend: dict[str, str]) -> None:
    from PIL import Image

    Image.new("L", (200, 200), 128).save(library / "bad.pdf")
    assert reason(library, backend=backend) == "scanned"
    draw(library / "bad.pdf", [Sheet()])
    assert reason(library, backend=backend) == "no_text"


@both
def test_a_file_with_too_many_pages(library: Path, backend: dict[str, str]) -> None:
    draw(library / "bad.pdf", [Sheet().write(PROSE[0]) for _ in range(4)])
    assert reason(library, backend=backend, limits={"pages": 3}) == "too_many_pages"


def test_a_form_that_draws_itself_ends(library: Path) -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
    resources = b" /Resources << /XObject << /X 5 0 R >> >>"
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 11" + resources + b" >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page + resources + b" >>",
        b"<< /Length 5 >>\nstream\n/X Do\nendstream",
        form + b"\nstream\n/X Do /X Do\nendstream",
    ]
    (library / "bad.pdf").write_bytes(pdf_of(objects))
    assert reason(library) in {"no_text", "cyclic", "too_large"}


def test_unreadable_files_end_the_stage_unless_the_config_says_otherwise(library: Path) -> None:
    (library / "bad.pdf").touch()
    with pytest.raises(
        DocumentError, match=r"bad\.pdf: the file is empty(.|\n)*`ingest.reading.unreadable: skip`"
    ):
        read(library, library.parent / "scratch")


def test_a_library_of_nothing_but_bad_files_is_never_skipped(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").touch()
    with pytest.raises(DocumentError, match="the file is empty"):
        read(tmp_path, tmp_path / "scratch", unreadable="skip")


def test_what_a_killed_attempt_had_read_is_not_read_again(tmp_path: Path) -> None:
    source = draw(tmp_path / "a.pdf", [Sheet().write(*PROSE)])
    first = read(source, tmp_path / "scratch").documents[0]
    assert isinstance(first.content.path, Path)
    before = first.content.path.stat().st_mtime_ns
    again = read(source, tmp_path / "scratch").documents[0]
    assert again == first
    assert again.content.path.stat().st_mtime_ns == before


def test_pages_that_are_only_pictures_do_not_hide_the_others(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.showPage()
    canvas.drawString(60, 700, PROSE[0])
    canvas.save()
    assert texts(read(tmp_path / "a.pdf", tmp_path / "s").documents[0]) == [[], [PROSE[0]]]
