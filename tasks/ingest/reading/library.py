"""Read all documents of a library, each in a process of its own with hard limits.

In: a folder or one file. Out: a Library, in which every file is a document, a duplicate or
unreadable with a named reason. Whatever a hostile file does to its parser ends in that
process, so that the stage goes on with the next file.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from threading import Lock

from tasks.ingest.passages.stored_documents import (
    Document,
    Library,
    Readings,
    StoredBlocks,
    StoredPages,
    UnreadableDocument,
)
from tasks.ingest.reading.finding import File, find_documents
from tasks.ingest.reading.page_files import Found
from tasks.ingest.reading.reader import Request
from tasks.ingest.reading.reasons import SETTINGS, Reason, UnreadableError
from tasks.ingest.reading.supervising import read_apart
from tasks.ingest.reading_config import ReadingConfig
from tasks.kernel.errors import ConfigError, DocumentError
from tasks.kernel.user_files import shown
from tasks.kernel.workspace import Progress

MOST_READERS = 8
"""Each may use `limits.memory_megabytes`."""
OnPage = Callable[[int], None]


def read_library(source: Path, config: ReadingConfig, scratch: Path, progress: Progress) -> Library:
    """Read every document below `source` (or `source` itself) into files below `scratch`.

    Reports `documents` done, with the page of the one at work. Raises DocumentError where there is none
    to read and, unless the config says `unreadable: skip`, one that names every unreadable file;
    ConfigError where a password that the config asks for is missing.
    """
    found = find_documents(source, config.formats)
    _require_passwords(found.files, config)
    unique, same = _digested(found.files)
    scratch.mkdir(parents=True, exist_ok=True)
    results = _read_all(unique, config, scratch, progress)
    documents = [result for result in results if isinstance(result, Document)]
    unreadable = [result for result in results if isinstance(result, UnreadableDocument)]
    _require_readable(source, config, documents, unreadable)
    return Library(documents, unreadable, {**found.duplicates, **same}, found.left_out)


def _require_passwords(files: Sequence[File], config: ReadingConfig) -> None:
    for file in files:
        variable = _fitting(file.name, config.password_variables)
        if variable is not None and variable not in os.environ:
            raise ConfigError(
                f"reading.password_variables: {variable}, for {file.name}, is not in the environment; set it"
            )


def _fitting(name: str, by_pattern: Mapping[str, str]) -> str | None:
    """Return the value of the first pattern that fits the path in the library, or its last part."""
    fitting = (
        value
        for pattern, value in by_pattern.items()
        if fnmatch(name, pattern) or fnmatch(name.rpartition("/")[2], pattern)
    )
    return next(fitting, None)


def _digested(files: Sequence[File]) -> tuple[list[tuple[File, str]], dict[str, str]]:
    """Return the files with their digests, one for each content, and whom the others double."""
    first: dict[str, str] = {}
    same: dict[str, str] = {}
    unique: list[tuple[File, str]] = []
    for file in files:
        digest = "" if file.problem else _digest(file.path)
        if digest and digest in first:
            same[file.name] = first[digest]
        else:
            first[digest] = file.name
            unique.append((file, digest))
    return unique, same


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        # Reading it fails too, and names the reason.
        return ""


def _read_all(
    files: Sequence[tuple[File, str]], config: ReadingConfig, scratch: Path, progress: Progress
) -> list[Document | UnreadableDocument]:
    done, lock = 0, Lock()

    def note(**page: float) -> None:
        with lock:
            progress(done, len(files), "documents", **page)

    def read(named: tuple[File, str]) -> Document | UnreadableDocument:
        nonlocal done
        result = _read(*named, config, scratch, lambda page: note(page=page))
        with lock:
            done += 1
        return result

    with ThreadPoolExecutor(_readers()) as pool:
        results = list(pool.map(read, files))
    note()
    return results


def _readers() -> int:
    """Return how many files to read at once: as many as the stage was given processor threads."""
    threads = os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1
    return min(int(threads), MOST_READERS)


def _read(
    file: File, digest: str, config: ReadingConfig, scratch: Path, on_page: OnPage
) -> Document | UnreadableDocument:
    out = scratch / f"{digest}.jsonl"
    request = Request(
        path=_plain(file.path, out.with_suffix(".source")),
        format=file.format,
        config=config,
        password_variable=_fitting(file.name, config.password_variables),
        encoding=_fitting(file.name, config.encodings),
        out=out.resolve(),
    )
    if file.problem:
        return UnreadableDocument(file.name, digest, file.reason, file.problem)
    try:
        found = _known(out) or _note(out, _found(request, on_page))
    except UnreadableError as error:
        return UnreadableDocument(file.name, digest, error.reason, error.problem)
    content = StoredBlocks(out) if found.pages is None else StoredPages(out, found.pages)
    readings = Readings(found.unreadable_pages, tuple(found.other_pages), found.failure, found.parser)
    return Document(
        file.name, digest, content, tuple(found.labels), found.recognised, readings, found.encoding
    )


def _plain(path: Path, link: Path) -> Path:
    """Return `path`, or a link to it where its name is no plain text, which requests do not take."""
    whole = path.resolve()
    if shown(str(whole)) == str(whole):
        return whole
    link.unlink(missing_ok=True)
    link.symlink_to(whole)
    return link.absolute()


def _found(request: Request, on_page: OnPage) -> Found:
    try:
        size = request.path.stat().st_size
        request.path.open("rb").close()
    except OSError as error:
        raise UnreadableError(
            Reason.NO_PERMISSION, f"cannot be read ({error.strerror}); correct its permissions"
        ) from error
    if not size:
        raise UnreadableError(Reason.EMPTY, "the file is empty; copy it again or remove it")
    return read_apart(request, on_page)


def _known(out: Path) -> Found | None:
    """Return what an attempt that was killed later found in the same bytes."""
    path = out.with_suffix(".found.json")
    return Found.model_validate_json(path.read_bytes()) if path.is_file() else None


def _note(out: Path, found: Found) -> Found:
    part = out.with_suffix(".found.part")
    part.write_text(found.model_dump_json(), encoding="utf-8")
    part.rename(out.with_suffix(".found.json"))
    return found


def _require_readable(
    source: Path,
    config: ReadingConfig,
    documents: Sequence[Document],
    unreadable: Sequence[UnreadableDocument],
) -> None:
    fatal = [
        file
        for file in unreadable
        if config.unreadable == "fail" or not documents or Reason(file.reason) in SETTINGS
    ]
    if not fatal:
        return
    # A source that is one file is named by its path, one in a folder by its place there.
    whole = shown(str(source))
    places = [whole if file.name == shown(source.name) else f"{whole}/{file.name}" for file in fatal]
    message = "\n".join(f"{place}: {file.problem}" for place, file in zip(places, fatal, strict=True))
    if config.unreadable == "fail" and documents:
        message += "\n(`ingest.reading.unreadable: skip` leaves such files out, and accounts for them)"
    raise DocumentError(message)
