"""Write a router to a folder and read it back.

`router.json` describes it and names the SHA-256 of every other file and of itself, so that a file that was
changed or belongs to another router is refused before it is read. No file is a pickle.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, ValidationError

from tasks.errors import DataError
from tasks.records import write_json
from tasks.routing.arrays import REMEDY
from tasks.routing.parts import RouterPart
from tasks.routing.router import Router
from tasks.routing.storing import open_part, store

FORMAT: Literal["pocketmoe-router-3"] = "pocketmoe-router-3"
NAME = "router.json"
_PLAIN = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"
FileName = Annotated[str, StringConstraints(pattern=_PLAIN)]
"""A path inside the folder: no `..`, no root, no hidden file."""


class RouterFile(BaseModel):
    """What router.json holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["pocketmoe-router-3"] = FORMAT
    kind: str
    router: RouterPart
    files: dict[FileName, str]
    """SHA-256 by path in the folder: files of another router are refused."""
    settings: dict[str, JsonValue]
    """What it was trained with, for the reader."""
    sha256: str = ""
    """Of this file's own content without this field."""

    def digest(self) -> str:
        """Return the SHA-256 of the content without `sha256`."""
        content = self.model_dump(mode="json", exclude={"sha256"})
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def save_router(router: Router, kind: str, settings: Mapping[str, JsonValue], folder: Path) -> None:
    """Write `router.json` and the files beside it, which `load_router` reads; nothing else is there."""
    part = store(router, folder)
    written = (path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / NAME)
    files = {path.relative_to(folder).as_posix(): path for path in written}
    stored = RouterFile(
        kind="constant" if len(router.labels) == 1 else kind,
        router=part,
        files={name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()},
        settings=dict(settings),
    )
    write_json(folder / NAME, stored.model_copy(update={"sha256": stored.digest()}).model_dump(mode="json"))


def load_router(folder: Path) -> Router:
    """Load the router in `folder`; raise DataError where a file is missing, changed or of another format."""
    stored = read_router_file(folder)
    for name, digest in stored.files.items():
        _verify(folder, name, digest)
    return open_part(stored.router, folder)


def read_router_file(folder: Path) -> RouterFile:
    """Return what router.json holds; raise DataError where it is missing, changed or of another format."""
    path = folder / NAME
    try:
        stored = RouterFile.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise DataError(f"{path}: {field}: {problem['msg']}; {REMEDY}") from error
    if stored.sha256 != stored.digest():
        raise DataError(f"{path}: changed since it was written (SHA-256 differs); {REMEDY}")
    return stored


def _verify(folder: Path, name: str, digest: str) -> None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{folder / NAME}: {name} lies outside the folder; {REMEDY}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: no such file; {REMEDY}") from error
    if sha256(content).hexdigest() != digest:
        raise DataError(f"{path}: not the file that {NAME} names (SHA-256 differs); {REMEDY}")
