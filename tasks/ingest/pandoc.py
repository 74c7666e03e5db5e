"""Blocks of Markdown, HTML, EPUB and DOCX, as pandoc reads them, and of plain text.

In: a file. Out: blocks with their kinds, all on page 1, for such files have no pages. Pandoc
runs with `--sandbox`, so that nothing in a file makes it open another one, and within the
limits of the process that starts it.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pypandoc

from tasks.ingest.blocks import Block, Kind
from tasks.ingest.lines import clean
from tasks.ingest.pandoc_tree import walk_blocks
from tasks.ingest.reading_config import Format
from tasks.ingest.reasons import Reason, UnreadableError

READERS: dict[Format, str] = {
    # CommonMark takes linear time on hostile input; pandoc's own Markdown does not.
    "markdown": "commonmark_x+yaml_metadata_block",
    "html": "html",
    "epub": "epub",
    "docx": "docx",
}
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SAID_CHARACTERS = 200


def read_blocks(path: Path, kind: Format) -> Iterator[Block]:
    """Yield the blocks of a document without pages; raise UnreadableError where it cannot be read."""
    if kind == "text":
        yield from _paragraphs(decode(path))
        return
    try:
        tree = json.loads(_converted(path, kind))
        yield from walk_blocks(tree["blocks"])
    except RecursionError as error:
        raise UnreadableError(
            Reason.CYCLIC, "is nested too deeply; simplify it and export it again, or remove it"
        ) from error


def decode(path: Path) -> str:
    """Return the text of a file in the first encoding that fits; raise UnreadableError for binary files."""
    data = path.read_bytes()
    if data.startswith(UTF16_MARKS):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise UnreadableError(
            Reason.WRONG_FORMAT, "is not text, whatever its name says; get the real file, or remove it"
        )
    for encoding in ENCODINGS[:-1]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(ENCODINGS[-1])


def _converted(path: Path, kind: Format) -> bytes:
    command = [pypandoc.get_pandoc_path(), "--sandbox", "--from", READERS[kind], "--to", "json"]
    if kind in {"markdown", "html"}:
        # Pandoc takes UTF-8 alone; what else there is is told here.
        given, source = decode(path).encode("utf-8", "replace"), "-"
    else:
        given, source = b"", str(path)
    done = subprocess.run([*command, source], input=given, capture_output=True, check=False)
    if done.returncode == 0:
        return done.stdout
    said = clean(done.stderr.decode("utf-8", "replace").replace(str(path), path.name))[:SAID_CHARACTERS]
    if done.returncode < 0 or "heap" in said or "memory" in said:
        raise MemoryError
    raise UnreadableError(
        Reason.DAMAGED, f"cannot be read as {kind} ({said}); export it again from its source, or remove it"
    )


def _paragraphs(text: str) -> Iterator[Block]:
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        if said := clean(paragraph):
            yield Block(Kind.PARAGRAPH, said, ((0, 1),))
