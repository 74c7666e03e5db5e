"""Garbage collection: what no recent run, registered model or living process uses is found and removed.

In: the settings, an age, and digests that must stay. Out: leftovers with their sizes. Finding
changes nothing; removing takes the locks that a user of the thing would hold and looks once more
whether it was used since, so that a run that begins meanwhile loses nothing.
"""

import json
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from tasks.kernel.errors import StoreError
from tasks.kernel.execution.locks import held
from tasks.kernel.settings import Settings
from tasks.kernel.storage.cache import Record
from tasks.kernel.storage.manifest import MANIFEST

DAY_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Leftover:
    """Something that nobody uses any more."""

    kind: str
    path: Path
    bytes: int
    locks: tuple[Path, ...] = ()
    """Held by whoever uses it; free now."""
    marks: tuple[Path, ...] = ()
    """Files whose times say when it was last used."""


@dataclass(frozen=True)
class Garbage:
    """What can go, and the time since which nothing that was used may go."""

    leftovers: tuple[Leftover, ...]
    kept: frozenset[str]
    """Digests that are used."""
    cutoff: float


def find_garbage(settings: Settings, keep_days: float, registered: Collection[str]) -> Garbage:
    """Return what can go: unused for `keep_days` and since the oldest running run began.

    Raises StoreError where it cannot be told what a recent run uses.
    """
    cutoff = min([time.time() - keep_days * DAY_SECONDS, *_running_since(settings)])
    records = {path: _digest(path) for path in settings.cache.glob("*.json")}
    recent = {digest for path, digest in records.items() if _time(path) >= cutoff}
    homes = [path for path in settings.store.glob("[!.]*/[!.]*") if path.is_dir()]
    fresh = {home.name for home in homes if _time(home / MANIFEST) >= cutoff}
    kept = frozenset({*registered, *recent, *fresh, *_used_by_runs(settings, cutoff)} - {""})
    leftovers = [
        *_records(settings, records, kept, cutoff),
        *_artifacts(settings, homes, records, kept),
        *_staging(settings),
        *_damaged(settings),
        *_scratch(settings, cutoff),
        *_reuse(settings, cutoff),
        *_partials(settings),
        *_locks(settings, cutoff),
    ]
    return Garbage(tuple(leftovers), kept, cutoff)


def remove(garbage: Garbage) -> list[Leftover]:
    """Remove what nobody has used since it was found; return what is gone."""
    return [leftover for leftover in garbage.leftovers if _remove(leftover, garbage.cutoff)]


def sweep(settings: Settings) -> None:
    """Remove the staging folders of processes that were killed; nothing else needs a decision."""
    for leftover in [*_staging(settings)]:
        _remove(leftover, time.time())


def _remove(leftover: Leftover, cutoff: float) -> bool:
    with ExitStack() as stack:
        try:
            for path in leftover.locks:
                path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(FileLock(path, timeout=0))
        except Timeout:
            return False
        if any(_time(mark) >= cutoff for mark in leftover.marks):
            return False
        _delete(leftover.path)
        for path in leftover.locks:
            path.unlink(missing_ok=True)
    return True


def _delete(path: Path) -> None:
    """Delete a file, or a folder: in one step for all who look, and then its bytes."""
    try:
        if path.is_dir():
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gone-") as gone:
                path.rename(Path(gone) / path.name)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed ({error.strerror}); mend its permissions") from error


def _running_since(settings: Settings) -> Iterator[float]:
    for path in (*settings.runs.glob("*/run.json"), *settings.comparisons.glob("*/config.json")):
        if held(settings.locks, f"run-{path.parent.name}"):
            yield _time(path)


def _used_by_runs(settings: Settings, cutoff: float) -> Iterator[str]:
    """Give the digests of every run that is recent enough, and of the newest, however old it is."""
    newest = (settings.runs / "latest").resolve()
    for path in settings.runs.glob("*/artifacts.json"):
        if _time(path) < cutoff and path.parent.resolve() != newest:
            continue
        try:
            parts = json.loads(path.read_bytes()).values()
        except (OSError, ValueError, AttributeError) as error:
            raise StoreError(
                f"{path}: cannot be read, so nobody knows what this run uses; remove its folder"
            ) from error
        yield from (part["digest"] for part in parts if isinstance(part, dict) and "digest" in part)


def _records(
    settings: Settings, records: dict[Path, str], kept: frozenset[str], cutoff: float
) -> Iterator[Leftover]:
    for path, digest in records.items():
        if digest not in kept and _time(path) < cutoff:
            lock = settings.locks / f"{path.stem}.lock"
            yield Leftover("cache record", path, _size(path), locks=(lock,), marks=(path,))


def _artifacts(
    settings: Settings, homes: Iterable[Path], records: dict[Path, str], kept: frozenset[str]
) -> Iterator[Leftover]:
    for home in homes:
        if home.name not in kept:
            lock = settings.store / ".staging" / f"{home.name}.lock"
            marks = [path for path, digest in records.items() if digest == home.name]
            yield Leftover(
                home.parent.name, home, _size(home), locks=(lock,), marks=(*marks, home / MANIFEST)
            )


def _staging(settings: Settings) -> Iterator[Leftover]:
    folder = settings.store / ".staging"
    for path in folder.glob("*"):
        if path.is_dir() and not held(folder, path.name):
            lock = folder / f"{path.name}.lock"
            yield Leftover("dead staging folder", path, _size(path), locks=(lock,))


def _damaged(settings: Settings) -> Iterator[Leftover]:
    for pattern in (".damaged/*", "[!.]*/.gone-*"):
        for path in settings.store.glob(pattern):
            yield Leftover("damaged or half removed", path, _size(path))


def _scratch(settings: Settings, cutoff: float) -> Iterator[Leftover]:
    for path in settings.scratch.glob("*"):
        marks = (path, *path.rglob("*"))
        if not held(settings.locks, path.name) and all(_time(mark) < cutoff for mark in marks):
            lock = settings.locks / f"{path.name}.lock"
            yield Leftover("checkpoints", path, _size(path), locks=(lock,), marks=marks)


def _reuse(settings: Settings, cutoff: float) -> Iterator[Leftover]:
    """Give what no recent run took over: whole folders, and single files of those that are used."""
    for folder in settings.reuse.glob("[!.]*"):
        files = tuple(folder.iterdir())
        if all(_time(mark) < cutoff for mark in (folder, *files)):
            yield Leftover("work for reuse", folder, _size(folder), marks=(folder, *files))
            continue
        for path in files:
            if _time(path) < cutoff:
                yield Leftover("work for reuse", path, _size(path), marks=(path,))


def _partials(settings: Settings) -> Iterator[Leftover]:
    """Give the records that a killed writer left half-written: a record takes far less than an hour."""
    for path in (*settings.cache.rglob(".*.partial"), *settings.reuse.glob("*/.*.partial")):
        if _time(path) < time.time() - 3600:
            yield Leftover("half-written record", path, _size(path))


def _locks(settings: Settings, cutoff: float) -> Iterator[Leftover]:
    folders = (settings.locks, settings.store / ".staging")
    for path in (path for folder in folders for path in folder.glob("*.lock")):
        guards = path.with_suffix("").is_dir()
        if not guards and _time(path) < cutoff and not held(path.parent, path.stem):
            yield Leftover("lock file", path, _size(path), locks=(path,))


def _digest(path: Path) -> str:
    try:
        return Record.model_validate_json(path.read_bytes()).digest
    except (OSError, ValidationError):
        return ""


def _time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())
