"""Read the figures that stages left in their artifacts, and remember what could not be read.

In: artifact folders by name, of which a failed run has few. Out: parts of the report, or
nothing. A malformed file costs its own figures only, and becomes a warning that names it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from tasks.kernel.errors import DataError
from tasks.records.files import RecordError

R = TypeVar("R")


class Folders:
    """Artifact folders by name, such as `qa/anxiety` and `router`."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self.problems: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._folders

    def names(self) -> list[str]:
        """Return the names of the folders that there are."""
        return list(self._folders)

    def file(self, name: str, file: str) -> Path | None:
        """Return the path of a file of an artifact, if there are both."""
        path = self._folders[name] / file if name in self._folders else None
        return path if path and path.is_file() else None

    def record(self, name: str, file: str, read: Callable[[Path], R], *, optional: bool = False) -> R | None:
        """Return what `read` makes of an artifact's folder; None, and a problem noted, where it cannot.

        An artifact of an earlier version rightly lacks an `optional` file.
        """
        if self.file(name, file) is None:
            if name in self and not optional:
                self.problems.append(f"{name}/{file}: no such file, so its figures are missing.")
            return None
        try:
            return read(self._folders[name])
        except RecordError as error:
            self.problems.append(f"{name}/{error.file}: {error.problem}, so its figures are missing.")
        except DataError as error:
            self.problems.append(f"{error}; its figures are missing.")
        return None
