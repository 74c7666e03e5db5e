"""Read the figures that stages left in their artifacts, and remember what could not be read.

In: artifact folders by name, of which a failed run has few. Out: parts of the report, or
nothing. A malformed file costs its own figures only, and becomes a warning that names it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from flows.report.figures import Part

P = TypeVar("P", bound=Part)


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

    def json(self, name: str, file: str) -> object:
        """Return the content of a JSON file, None where there is no such artifact or file."""
        if name in self and self.file(name, file) is None:
            self.problems.append(f"{name}/{file}: no such file, so its figures are missing.")
        return self.optional(name, file)

    def optional(self, name: str, file: str) -> object:
        """Return the content of a JSON file that an artifact of an earlier version rightly lacks."""
        path = self.file(name, file)
        if path is None:
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            self.problems.append(f"{name}/{file}: no JSON ({error}), so its figures are missing.")
            return None

    def lines(self, name: str, file: str) -> list[dict[str, object]]:
        """Return the objects of a JSON Lines file, none where there is no such file."""
        path = self.file(name, file)
        if path is None:
            return []
        try:
            values = [
                json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()
            ]
        except ValueError as error:
            self.problems.append(f"{name}/{file}: no JSON ({error}), so its lines are missing.")
            return []
        return [value for value in values if isinstance(value, dict)]

    def part(self, kind: type[P], source: str, value: object) -> P | None:
        """Return `value` as a part of the report; None, and a problem noted, where it has another form."""
        if value is None:
            return None
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            problem = error.errors()[0]
            field = ".".join(str(place) for place in problem["loc"])
            self.problems.append(f"{source}: {field}: {problem['msg']}, so its figures are missing.")
            return None
