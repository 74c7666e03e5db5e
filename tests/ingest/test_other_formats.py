"""Pins that documents without pages become blocks with their headings, and nothing but their text."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pypandoc
import pytest
from drawn_pages import PROSE, Sheet, draw
from reading import read

from tasks.ingest.cleaning.blocks import Kind
from tasks.ingest.passages.stored_documents import StoredBlocks
from tasks.ingest.reading.pandoc import READERS
from tasks.kernel.errors import DocumentError

SOURCE = """\
---
title: Not prose
---
# The harbour

The *harbour* wakes “early”[^1] and the [boats](http://example.org) leave.

## By noon

- rope and `tar`
- lamps

1. first
2. second

| Boat | Crew |
|------|------|
| Alma | Four |

> Gulls follow.

[^1]: Before the town does.
"""
EXPECTED = [
    (Kind.HEADING, "The harbour"),
    (Kind.PARAGRAPH, "The harbour wakes “early” and the boats leave."),
    (Kind.PARAGRAPH, "Before the town does."),
    (Kind.HEADING, "By noon"),
    (Kind.ITEM, "- rope and tar"),
    (Kind.ITEM, "- lamps"),
    (Kind.ITEM, "1. first"),
    (Kind.ITEM, "2. second"),
    (Kind.ROW, "Boat | Crew"),
    (Kind.ROW, "Alma | Four"),
    (Kind.PARAGRAPH, "Gulls follow."),
]


def blocks(source: Path, scratch: Path) -> list[tuple[Kind, str]]:
    content = read(source, scratch).documents[0].content
    assert isinstance(content, StoredBlocks)
    return [(block.kind, block.text) for block in content]


def converted(tmp_path: Path, suffix: str) -> Path:
    """Write SOURCE in another format, with pandoc's own writers."""
    target = tmp_path / f"book.{suffix}"
    command = [pypandoc.get_pandoc_path(), "--from", READERS["markdown"], "--standalone", "--output", target]
    subprocess.run(command, input=SOURCE.split("---\n", 2)[2], text=True, check=True)
    return target


def test_markdown(tmp_path: Path) -> None:
    (tmp_path / "book.md").write_text(SOURCE, encoding="utf-8")
    assert blocks(tmp_path / "book.md", tmp_path / "s") == EXPECTED


@pytest.mark.parametrize("suffix", ["docx", "epub"])
def test_word_processors_and_electronic_books(tmp_path: Path, suffix: str) -> None:
    found = blocks(converted(tmp_path, suffix), tmp_path / "s")
    assert {text for _, text in EXPECTED} <= {text for _, text in found}
    assert (Kind.HEADING, "By noon") in found
    assert (Kind.ITEM, "- lamps") in found
    assert (Kind.ROW, "Alma | Four") in found


def test_html_without_its_scripts_and_styles(tmp_path: Path) -> None:
    head = "<html><head><title>Not prose</title><style>p{}</style></head>"
    page = f"{head}<body><h1>The harbour</h1><p>It wakes.<script>steal()</script></p></body></html>"
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    assert blocks(tmp_path / "page.html", tmp_path / "s") == [
        (Kind.HEADING, "The harbour"),
        (Kind.PARAGRAPH, "It wakes."),
    ]


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>fetched</p>")


def test_a_page_cannot_make_the_reader_fetch_anything(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = f'<p>It wakes.</p><iframe src="http://127.0.0.1:{server.server_port}/"></iframe>'
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    assert blocks(tmp_path / "page.html", tmp_path / "s") == [(Kind.PARAGRAPH, "It wakes.")]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_plain_text_in_common_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Über die Boote –\r\nund mehr.\r\n\r\nDas Café."
    (tmp_path / "book.txt").write_bytes(text.encode(encoding))
    assert blocks(tmp_path / "book.txt", tmp_path / "s") == [
        (Kind.PARAGRAPH, "Über die Boote – und mehr."),
        (Kind.PARAGRAPH, "Das Café."),
    ]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.txt", b"\x7fELF\0\0\1", "is not text"),
        ("a.docx", b"PK\3\4 truncated", "cannot be read as docx"),
        ("a.epub", b"no archive", "cannot be read as epub"),
        ("a.md", b"***\n\n---\n", "no text in it"),
        ("a.html", b"<div>" * 3_000 + b"x", "is nested too deeply"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DocumentError, match=rf"{name}: {problem}"):
        read(tmp_path, tmp_path / "s")


def test_of_one_document_in_several_formats_the_one_with_pages_is_read(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    draw(tmp_path / "library" / "book.pdf", [Sheet().write(*PROSE)])
    for name in ("book.md", "notes.md", "notes.txt"):
        (tmp_path / "library" / name).write_text(f"The text of {name}.", encoding="utf-8")
    library = read(tmp_path / "library", tmp_path / "s")
    assert [document.name for document in library.documents] == ["book.pdf", "notes.md"]
    assert library.duplicates == {"book.md": "book.pdf", "notes.txt": "notes.md"}


def test_formats_that_are_not_asked_for_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("The text of a.", encoding="utf-8")
    (tmp_path / "b.txt").write_text("The text of b.", encoding="utf-8")
    library = read(tmp_path, tmp_path / "s", formats=["text"])
    assert [document.name for document in library.documents] == ["b.txt"]
