"""Read the figures that stages left in their artifacts, and remember what could not be read.

In: artifact folders by name, of which a failed run has few. Out: parts of the report, or
nothing. A malformed file costs its own figures only, and becomes a warning that names it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from flows.report.figures import Part
from flows.report.router import RouterReport
from flows.report.schema import StageRow

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


Json = Mapping[str, object]
_STAGE = "stage_ms."
_SOURCE = "router/report.json"


def read_router(found: Folders, stages: Iterable[StageRow], config: Json) -> RouterReport | None:
    """Return everything about the router; None where there is none."""
    value = found.json("router", "report.json")
    if not isinstance(value, dict):
        return found.part(RouterReport, _SOURCE, value)
    return found.part(RouterReport, _SOURCE, {**value, **_gathered(found, value, stages, config)})


def _gathered(found: Folders, value: Json, stages: Iterable[StageRow], config: Json) -> Json:
    """Return what other files know, or what the report words otherwise."""
    leaky = _mapping(value.get("stratified_8020"))
    measured = next((row.metrics for row in stages if row.stage == "route"), {})
    evaluation = _mapping(_mapping(found.optional("evaluation", "evaluation.json")).get("router"))
    candidates = _rows(_mapping(_mapping(value.get("notes")).get("best")).get("candidates"))
    stages_ms = {name.removeprefix(_STAGE): ms for name, ms in measured.items() if name.startswith(_STAGE)}
    return {
        "kind": value.get("kind") or _mapping(found.optional("router", "router.json")).get("kind", ""),
        "candidates": candidates,
        "stratified_accuracy": leaky.get("accuracy"),
        "splits": value.get("splits") or ({"leaky_8020": leaky} if leaky else {}),
        "suites": _with_bars(value.get("suites"), _mapping(config.get("route")).get("suites")),
        "stages": [{"ms": stages_ms.get(str(row.get("name"))), **row} for row in _rows(value.get("stages"))],
        "speed": measured or None,
        "tax": evaluation.get("tax"),
    }


def _with_bars(suites: object, bars: object) -> list[Json]:
    """Return the suites' figures, each with the bar that the configuration sets."""
    least = _mapping(bars)
    return [{"bar": least.get(str(suite.get("name"))), **suite} for suite in _rows(suites)]


def _rows(value: object) -> list[dict[str, object]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
