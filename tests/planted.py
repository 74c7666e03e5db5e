"""Plant files, folders, links and pipes of any name, for properties of whatever a user's folder may hold."""

import os
from collections.abc import Iterable
from pathlib import Path

KINDS = ("file", "folder", "link", "lost", "up", "pipe")


def planted(root: Path, tree: Iterable[tuple[int, bytes, str]]) -> Path:
    """Make each entry in one of the folders so far, unless its name is taken there; return `root`."""
    folders = [bytes(root)]
    for at, name, kind in tree:
        path = folders[at % len(folders)] + b"/" + name
        if name not in {b"", b".", b".."} and not os.path.lexists(path):
            _make(path, kind, folders)
    return root


def _make(path: bytes, kind: str, folders: list[bytes]) -> None:
    place = Path(os.fsdecode(path))
    match kind:
        case "folder":
            place.mkdir()
            folders.append(path)
        case "pipe":
            os.mkfifo(path)
        case "file":
            place.write_bytes(b"x")
        case _:
            place.symlink_to(os.fsdecode({"link": folders[-1], "lost": b"nowhere", "up": b".."}[kind]))
