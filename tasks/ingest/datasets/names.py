"""Which files of a folder are a data set, and which split each belongs to.

In: a folder. Out: its data files in order, each with its split. A split may be cut into shards
(`train-00000-of-00002.jsonl`) or lie in a folder of its own (`train/0000.parquet`); a shard that is missing
is told, because the data set would be read in part without a word.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from tasks.ingest.datasets.cells import printable
from tasks.kernel.errors import DocumentError
from tasks.kernel.user_files import UserFile, user_files
from tasks.kernel.user_files import shown as shown_name

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
_SHARD = re.compile(
    r"(?:(?P<split>.*?)[-_.]?(?:part|shard)?[-_.]|(?P<other>.*?)[-_.]?(?:part|shard))?(?P<number>\d+)"
    r"(?:[-_.]?of[-_.]?(?P<total>\d+))?(?:-[0-9a-f]{8,})?",
    re.IGNORECASE,
)
"""`train-00001`, `train_part2`, `train-00000-of-00002`, and what the hub adds to it: `-a09b74b3ef9c3b56`."""
_LISTED = 10
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataFile:
    """A file of a data set."""

    path: Path
    name: str
    """Path relative to the data set's folder."""
    split: str


@dataclass(frozen=True)
class _Shard:
    split: str
    number: int
    total: int | None


def data_files(source: Path, splits: Collection[str]) -> list[DataFile]:
    """Return the files of a data set in order of their names.

    Raises DocumentError where there is none, where the one given is no data set, where it is not clear which
    of `splits` a file belongs to, and where a shard is missing.
    """
    entries = user_files(source)
    if not entries and not source.is_dir():
        raise DocumentError(f"{shown(source)}: no such file; correct the data set's path")
    paths = _data(source, entries)
    if [entry.path for entry in entries] == [source]:
        return [DataFile(source, source.name, _split(source, source.parent, splits))]
    _require_shards(paths)
    files = [
        DataFile(path, path.relative_to(source).as_posix(), _split(path, source, splits)) for path in paths
    ]
    _compare_splits(source, files, splits)
    return files


def suffix(path: Path) -> str:
    """Return the suffix that names the format, whether or not the file is compressed."""
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return plain.suffix.lower()


def shown(path: Path) -> str:
    """Return a path for a message, even where its name is not UTF-8."""
    return shown_name(str(path))


def _data(source: Path, entries: Sequence[UserFile]) -> list[Path]:
    """Return the data files, each once.

    Raises DocumentError that names all that may hold some and cannot be read, or where there is none.
    """
    lost = [f"{shown(entry.path)}: {problem}" for entry in entries if (problem := _problem(entry))]
    if lost:
        raise DocumentError("\n".join(lost))
    if [entry.path for entry in entries] == [source] and suffix(source) not in SUFFIXES:
        raise DocumentError(f"{shown(source)}: not a data set; give a {', '.join(SUFFIXES)} file")
    found = [entry.path for entry in entries if entry.readable and suffix(entry.path) in SUFFIXES]
    if not found:
        raise DocumentError(f"{shown(source)}: no data file; put a {', '.join(SUFFIXES)} file there")
    # The real file before a link to it.
    chosen = set({path.resolve(): path for path in sorted(found, key=Path.is_symlink, reverse=True)}.values())
    others = [entry.name for entry in entries if entry.path not in chosen]
    if others:
        more = f" and {len(others) - _LISTED} more" if len(others) > _LISTED else ""
        logger.warning(
            "%s: left out, no data files: %s%s",
            shown(source),
            ", ".join(others[:_LISTED]),
            more,
        )
    return [path for path in found if path in chosen]


def _problem(entry: UserFile) -> str:
    """Return why what is, or may hold, a data file cannot be read."""
    if suffix(entry.path) not in SUFFIXES or entry.same_as:
        return entry.problem if entry.trouble in {"closed", "lost"} else ""
    if entry.problem:
        return entry.problem
    try:
        entry.path.open("rb").close()
    except OSError as error:
        return f"cannot be read ({error.strerror}); give access to it"
    return ""


def _split(path: Path, source: Path, splits: Collection[str]) -> str:
    """Return the split by the file's name, by the name of its shards, or by a folder above it."""
    stem, shard = _stem(path), _shard(path)
    folders = path.relative_to(source).parts[:-1]
    names = [stem, *([shard.split] if shard else []), *reversed(folders)]
    known = {normalize("NFC", name): name for name in splits}
    if named := next((known[whole] for name in names if (whole := normalize("NFC", name)) in known), None):
        return named
    if like := next((name for name in splits if stem.casefold().startswith(name.casefold())), None):
        raise DocumentError(
            f"{shown(path)}: it may belong to the split `{like}` or not; name it {like}-2{suffix(path)}, or"
            f" name its own split `{printable(stem)}` in `splits`"
        )
    return shard.split if shard and shard.split else stem


def _compare_splits(source: Path, files: Sequence[DataFile], splits: Collection[str]) -> None:
    """Raise DocumentError where a split has no file, and tell which files belong to none."""
    if not splits:
        return
    if missing := sorted(set(splits).difference(file.split for file in files)):
        there = printable(", ".join(sorted({file.split for file in files})))
        raise DocumentError(
            f"{shown(source)}: no file of the split `{missing[0]}`, only of {there}; correct `splits`"
        )
    if others := [file.name for file in files if file.split not in splits]:
        logger.warning(
            "%s: left out, their split is not in `splits`: %s", shown(source), printable(", ".join(others))
        )


def _shard(path: Path) -> _Shard | None:
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    found = _SHARD.fullmatch(plain.stem)
    if found is None:
        return None
    total = found["total"]
    split = found["split"] or found["other"] or ""
    return _Shard(split, int(found["number"]), int(total) if total else None)


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


def _require_shards(paths: Sequence[Path]) -> None:
    """Raise DocumentError where a file counts the shards of its split and some of them are not there."""
    there: dict[tuple[Path, str, int, str], set[int]] = defaultdict(set)
    for path in paths:
        shard = _shard(path)
        if shard and shard.total is not None:
            there[path.parent, shard.split, shard.total, suffix(path)].add(shard.number)
    for (folder, split, total, _), numbers in there.items():
        # Most count from 0, some from 1.
        first = 0 if 0 in numbers or total not in numbers else 1
        if missing := sorted(set(range(first, total + first)) - numbers):
            listed = ", ".join(map(str, missing[:10]))
            raise DocumentError(
                f"{shown(folder)}: of the {total} shards of `{printable(split)}` these are missing: {listed};"
                " copy the data set again"
            )
