"""Find the documents of a library.

In: a folder or one file. Out: files with their format, sorted by name, so that the order
in which a disk lists them changes nothing. Of one document in several formats one is
read: its passages would otherwise count twice. What is not read is told.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.ingest.reading.reasons import Reason
from tasks.ingest.reading_config import FORMATS, Format
from tasks.kernel.errors import DocumentError
from tasks.kernel.user_files import UserFile, shown, user_files

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


_LISTED = 10
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class File:
    """A document's file."""

    name: str
    """Path relative to the library folder."""
    path: Path
    format: Format
    problem: str = ""
    """Why it cannot be opened at all: a link that leads nowhere, a closed folder, a pipe."""
    reason: Reason = Reason.NO_FILE
    """The problem's reason, where there is one."""


@dataclass(frozen=True)
class Found:
    """What lies in a library: each entry is in one of three places."""

    files: list[File]
    duplicates: dict[str, str]
    """File or folder -> the one that stands for it."""
    left_out: list[str]
    """Files of other formats."""


def find_documents(source: Path, formats: Sequence[Format]) -> Found:
    """Return what is below `source`, or `source` itself.

    Raises DocumentError where there is neither a document nor anything that might have been one.
    """
    entries = user_files(source)
    if not entries and not source.is_dir():
        raise DocumentError(
            f"{shown(str(source))}: no such folder; put the domain's documents there or correct `documents`"
        )
    if [entry.path for entry in entries] == [source]:
        return Found([_file(entries[0])], {}, [])
    again = {entry.name: entry.same_as for entry in entries if entry.same_as}
    found = list(_documents(entries, formats))
    names = {file.name for file in found} | again.keys()
    left_out = [entry.name for entry in entries if entry.name not in names]
    _tell(source, again, left_out)
    if not found:
        suffixes = ", ".join(f"*{suffix}" for suffix, kind in SUFFIXES.items() if kind in formats)
        raise DocumentError(
            f"{shown(str(source))}: none of {suffixes} in this folder; put the domain's documents there"
        )
    chosen, others = _one_format(found)
    return Found(chosen, again | others, left_out)


def _documents(entries: Iterable[UserFile], formats: Sequence[Format]) -> Iterator[File]:
    """Yield the documents, and closed folders and lost links: there is no telling what is behind them."""
    for entry in entries:
        kind = _format(entry.path)
        if not entry.same_as and (kind in formats or entry.trouble in {"closed", "lost"}):
            yield _file(entry)


def _file(entry: UserFile) -> File:
    reason = Reason.NO_PERMISSION if entry.trouble == "closed" else Reason.NO_FILE
    return File(entry.name, entry.path, _format(entry.path) or "pdf", entry.problem, reason)


def _one_format(found: Sequence[File]) -> tuple[list[File], dict[str, str]]:
    """Return the files to read, and which of them stand for those of one name in a less rich format."""
    preferred: dict[str, File] = {}
    for file in sorted(found, key=lambda file: (bool(file.problem), FORMATS.index(file.format), file.name)):
        preferred.setdefault(_stem(file), file)
    chosen = [file for file in found if file.problem or file.format == preferred[_stem(file)].format]
    others = set(found).difference(chosen)
    return chosen, {file.name: preferred[_stem(file)].name for file in found if file in others}


def _tell(source: Path, again: Mapping[str, str], left_out: Sequence[str]) -> None:
    """Say what of a library is not read, and why."""
    for name, other in again.items():
        where = "up to the library itself" if other == "." else f"to {other}, which is read"
        logger.warning("%s: left out, it leads %s", name, where)
    if left_out:
        more = f" and {len(left_out) - _LISTED} more" if len(left_out) > _LISTED else ""
        listed = ", ".join(left_out[:_LISTED]) + more
        logger.warning("%s: left out, not of a format that is read: %s", shown(str(source)), listed)


def _format(path: Path) -> Format | None:
    return SUFFIXES.get(path.suffix.lower())


def _stem(file: File) -> str:
    return file.name.removesuffix(file.path.suffix)
