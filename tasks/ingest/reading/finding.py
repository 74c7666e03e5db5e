"""Find the documents of a library.

In: a folder or one file. Out: files with their format, sorted by name, so that the order
in which a disk lists them changes nothing. Of one document in several formats one is
read: its passages would otherwise count twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.ingest.reading_config import FORMATS, Format
from tasks.kernel.errors import DocumentError

SUFFIXES: dict[str, Format] = {
    ".pdf": "pdf",
    ".epub": "epub",
    ".docx": "docx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
}


@dataclass(frozen=True)
class File:
    """A document's file."""

    name: str
    """Path relative to the library folder."""
    path: Path
    format: Format


def find_documents(source: Path, formats: Sequence[Format]) -> tuple[list[File], dict[str, str]]:
    """Return the documents below `source`, or `source` itself, and which files others stand for.

    Raises DocumentError where there is none.
    """
    if source.is_file():
        return [File(source.name, source, _format(source) or "pdf")], {}
    if not source.is_dir():
        raise DocumentError(
            f"{source}: no such folder; put the domain's documents there or correct `documents`"
        )
    found = list(_documents(source, formats))
    if not found:
        suffixes = ", ".join(f"*{suffix}" for suffix, kind in SUFFIXES.items() if kind in formats)
        raise DocumentError(f"{source}: none of {suffixes} in this folder; put the domain's documents there")
    preferred: dict[str, File] = {}
    for file in sorted(found, key=lambda file: (FORMATS.index(file.format), file.name)):
        preferred.setdefault(_stem(file), file)
    chosen = sorted(preferred.values(), key=lambda file: file.name)
    others = sorted((file for file in found if file not in chosen), key=lambda file: file.name)
    return chosen, {file.name: preferred[_stem(file)].name for file in others}


def _documents(source: Path, formats: Sequence[Format]) -> Iterator[File]:
    for path in source.rglob("*"):
        kind = _format(path)
        if kind is not None and kind in formats and not path.name.startswith(".") and path.is_file():
            yield File(path.relative_to(source).as_posix(), path, kind)


def _format(path: Path) -> Format | None:
    return SUFFIXES.get(path.suffix.lower())


def _stem(file: File) -> str:
    return file.name.removesuffix(file.path.suffix)
