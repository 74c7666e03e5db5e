"""The cache: recipe key to reference, and the recipe with which each stage and domain was last built.

In: keys and references. Out: small JSON records, each written in one step, so that a reader
finds the old one or the new one and never half of one. A record says when it was made and, by
the file's own time, when it was last used.
"""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from tasks.artifacts import Artifact
from tasks.fingerprint import Recipe

A = TypeVar("A", bound=Artifact)


class Record(BaseModel):
    """What one recipe came to."""

    model_config = ConfigDict(frozen=True)

    kind: str
    digest: str
    built: datetime


class Cache:
    """Records below one folder: `<key>.json`, and `last/<stage>-<domain>.json`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def recall(self, kind: type[A], key: str, since: datetime | None = None) -> A | None:
        """Return the reference recorded under `key`, if there is a readable one not older than `since`."""
        try:
            record = Record.model_validate_json(self._path(key).read_bytes())
        except (OSError, ValueError):
            return None
        if record.kind != kind.__name__ or (since and record.built < since):
            return None
        return kind(digest=record.digest)

    def remember(self, key: str, artifact: Artifact) -> None:
        """Record the reference under `key`."""
        record = Record(kind=type(artifact).__name__, digest=artifact.digest, built=datetime.now(UTC))
        _write(self._path(key), record.model_dump_json())

    def use(self, key: str) -> None:
        """Note that the record was used just now."""
        os.utime(self._path(key))

    def forget(self, key: str) -> None:
        """Remove the record."""
        self._path(key).unlink(missing_ok=True)

    def last(self, label: str) -> Recipe | None:
        """Return the recipe with which this stage and domain were last built."""
        try:
            recipe: Recipe = json.loads(self._note(label).read_bytes())
        except (OSError, ValueError):
            return None
        return recipe

    def note_last(self, label: str, recipe: Recipe) -> None:
        """Keep the recipe as the newest one of this stage and domain."""
        _write(self._note(label), json.dumps(recipe))

    def _path(self, key: str) -> Path:
        return self.root / f"{key}.json"

    def _note(self, label: str) -> Path:
        return self.root / "last" / f"{label.replace(':', '-')}.json"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".partial")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(partial).replace(path)
