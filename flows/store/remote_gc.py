"""Garbage in the store that machines share: what no recent record, run or registered model uses.

In: the remote store, and what is kept here. Out: names with their sizes. The runs of other machines
cannot be seen from here: what they used shows only in the days on which records were last used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from flows.store.gc import Garbage
from tasks.kernel.errors import ConfigError
from tasks.kernel.storage.cache import Record
from tasks.kernel.storage.remote import Remote, RemoteFile

FEWEST_DAYS = 2
"""Uses are noted once a day, so less than this cannot tell used from unused."""


@dataclass(frozen=True)
class RemoteGarbage:
    """What can go from the shared store."""

    records: Mapping[str, RemoteFile]
    """By path."""
    artifacts: Mapping[str, tuple[RemoteFile, ...]]
    """By `<kind>/<digest>`."""


def refuse_few_days(keep_days: float) -> None:
    """Raise ConfigError where so few days would take what other machines use."""
    if keep_days < FEWEST_DAYS:
        raise ConfigError(f"--keep-days {keep_days:g}: with --remote give at least {FEWEST_DAYS}")


def find_remote_garbage(remote: Remote, garbage: Garbage) -> RemoteGarbage:
    """Return what nobody used since the cutoff and nothing here keeps."""
    files = {f"cache/{path}": file for path, file in remote.list_files("cache").items()}
    records = {path: file for path, file in files.items() if path.count("/") == 1}
    digests = {path: _digest(remote, path) for path in records}
    recent = {digests[path] for path, file in records.items() if _is_recent(file, garbage)}
    artifacts: dict[str, list[RemoteFile]] = {}
    for path, file in remote.list_files("store").items():
        artifacts.setdefault("/".join(path.split("/")[:2]), []).append(file)
    unused = {
        name: tuple(parts)
        for name, parts in artifacts.items()
        if name.rpartition("/")[2] not in garbage.kept | recent
        and not any(_is_recent(part, garbage) for part in parts)
    }
    gone = {name.rpartition("/")[2] for name in unused}
    whole = {name.rpartition("/")[2] for name in artifacts} - gone
    return RemoteGarbage(
        records={
            path: file
            for path, file in records.items()
            if not _is_recent(file, garbage) and digests[path] not in whole
        },
        artifacts=unused,
    )


def remove_remote(remote: Remote, garbage: RemoteGarbage) -> None:
    """Delete records first, then each artifact, its manifest before its bytes."""
    for path in garbage.records:
        remote.delete(path)
    for name in garbage.artifacts:
        remote.remove(name)


def _is_recent(file: RemoteFile, garbage: Garbage) -> bool:
    return file.modified.timestamp() >= garbage.cutoff


def _digest(remote: Remote, path: str) -> str:
    try:
        return Record.model_validate_json(remote.read(path) or b"").digest
    except ValidationError:
        return ""
