"""What a user's folder holds: the one walk of cache keys, plans and stages, so that all see the same files.

In: a file or folder. Out: its entries in order of their names, each a file, a problem or what is there
already. Links are followed, since libraries are often made of them; each folder is walked once, the one that
lies there before a link to it, so that no cycle is without end. What programs leave beside files is no entry.
"""

import os
import re
import stat
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ARTIFACTS_MARK = ".pocketmoe-artifacts"
"""Marks a folder that runs write to: where it lies among a user's files it is none of them."""
_FOREIGN_FOLDERS = frozenset({"__MACOSX", "__pycache__"})
_FOREIGN_PREFIXES = (".", "~$")
"""Hidden files, AppleDouble ones among them, and the locks of open office documents."""
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_SELF = "."
Trouble = Literal["closed", "lost", "special"]
"""A closed place and a link that leads nowhere may hold any number of files; a pipe holds none."""
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, line ends, turns of the writing direction, and bytes that are no UTF-8."""
_RAW = 0xDC00
"""What Python adds to such a byte in a name."""


@dataclass(frozen=True)
class UserFile:
    """One entry of a user's folder."""

    path: Path
    name: str
    """Path relative to the folder, as messages and records spell it."""
    bytes: int = 0
    problem: str = ""
    """Why nothing can be read there, and what to do; empty: it is a file."""
    same_as: str = ""
    """The folder, walked under this name, that this one is again; `.` where a link leads back up."""
    trouble: Trouble | None = None
    """The kind of the problem."""

    @property
    def readable(self) -> bool:
        """Whether there is a file, as far as can be told without opening it."""
        return not self.problem and not self.same_as


def user_files(place: Path) -> list[UserFile]:
    """Return the entries at or below `place`; none where nothing is there. Nothing is opened."""
    seen = _status(place)
    if isinstance(seen, FileNotFoundError | NotADirectoryError) and not place.is_symlink():
        return []
    if isinstance(seen, OSError) or not stat.S_ISDIR(seen.st_mode):
        return [_entry(place, place.parent, seen)]
    return _named(_walk(place, seen))


def shown(text: str) -> str:
    """Return a name as every terminal, file and record can take it: what cannot be printed by its code."""
    return _UNPRINTABLE.sub(_code, text)


def _code(found: re.Match[str]) -> str:
    raw = ord(found[0]) - _RAW
    return f"\\x{raw:02x}" if raw in range(0x80, 0x100) else found[0].encode("unicode_escape").decode()


def _walk(place: Path, seen: os.stat_result) -> list[UserFile]:
    """Return the entries below a folder; what is behind links comes last, so that real folders name it."""
    found: list[UserFile] = []
    walked = {_identity(seen): _SELF}
    walked |= dict.fromkeys(map(_identity, map(Path.stat, place.resolve().parents)), _SELF)
    folders, links = deque([place]), deque[Path]()
    while folders or links:
        folder = folders.popleft() if folders else links.popleft()
        status = _status(folder)
        if folder != place and not isinstance(status, OSError):
            if same := walked.get(_identity(status)):
                found.append(UserFile(folder, shown(_relative(folder, place)), same_as=same))
                continue
            walked[_identity(status)] = shown(_relative(folder, place))
        for path in _listed(folder, place, found):
            one = _status(path)
            if _is_folder(one):
                (links if path.is_symlink() else folders).append(path)
            elif not isinstance(one, FileNotFoundError) or path.is_symlink():  # else it went meanwhile
                found.append(_entry(path, place, one))
    return found


def _listed(folder: Path, place: Path, found: list[UserFile]) -> list[Path]:
    """Return what is in a folder; a closed one is an entry itself."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        found.append(_closed(folder, place, error))
        return []
    if folder / ARTIFACTS_MARK in paths:
        return []
    return [
        path
        for path in paths
        if not path.name.startswith(_FOREIGN_PREFIXES) and path.name not in _FOREIGN_FOLDERS
    ]


def _entry(path: Path, place: Path, seen: os.stat_result | OSError) -> UserFile:
    name = shown(_relative(path, place))
    if isinstance(seen, FileNotFoundError):
        return UserFile(path, name, problem="leads to no file; mend or remove the link", trouble="lost")
    if isinstance(seen, OSError):
        return _closed(path, place, seen)
    if stat.S_ISREG(seen.st_mode):
        return UserFile(path, name, seen.st_size)
    kind = _KINDS.get(stat.S_IFMT(seen.st_mode), "no file")
    return UserFile(path, name, problem=f"{kind} and no file; remove it", trouble="special")


def _closed(path: Path, place: Path, error: OSError) -> UserFile:
    problem = f"cannot be read ({error.strerror}); give access to it or remove it"
    return UserFile(path, shown(_relative(path, place)), problem=problem, trouble="closed")


def _relative(path: Path, place: Path) -> str:
    return path.name if path == place else path.relative_to(place).as_posix()


def _named(found: list[UserFile]) -> list[UserFile]:
    """Return the entries in order, each with a name of its own though two may be spelled alike."""
    names: dict[str, int] = {}
    entries = []
    for entry in sorted(found, key=lambda one: (one.name, os.fsencode(one.path))):
        names[entry.name] = again = names.get(entry.name, 0) + 1
        name = entry.name if again == 1 else f"{entry.name} ({again})"
        entries.append(UserFile(**{**vars(entry), "name": name}))
    return entries


def _status(path: Path) -> os.stat_result | OSError:
    try:
        return path.stat()
    except OSError as error:
        return error


def _is_folder(status: os.stat_result | OSError) -> bool:
    return not isinstance(status, OSError) and stat.S_ISDIR(status.st_mode)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
