"""The cache: recipe key to reference, and the recipe with which each stage and domain was last built.

In: keys and references. Out: small JSON records, each written in one step, so that a reader
finds the old one or the new one and never half of one. A record says when it was made and, by
the file's own time, when it was last used. Where machines share a remote store, what is not known
here is looked up there.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from tasks.kernel.artifacts import Artifact
from tasks.kernel.fingerprint import Recipe
from tasks.kernel.storage.remote import Remote

A = TypeVar("A", bound=Artifact)


class Record(BaseModel):
    """What one recipe came to."""

    model_config = ConfigDict(frozen=True)

    kind: str
    digest: str
    built: datetime


class Cache:
    """Records below one folder, `<key>.json` and `last/<stage>-<domain>.json`; `remote` is a URL or empty."""

    def __init__(self, root: Path, remote: str = "") -> None:
        self.root = root
        self.remote = Remote(remote) if remote else None

    def recall(self, kind: type[A], key: str, since: datetime | None = None) -> A | None:
        """Return the reference recorded under `key`, if there is a readable one not older than `since`."""
        for content in self._copies(_record(key)):
            with suppress(ValueError):
                record = Record.model_validate_json(content)
                if record.kind == kind.__name__ and not (since and record.built < since):
                    self._keep(_record(key), content)
                    return kind(digest=record.digest)
        return None

    def remember(self, key: str, artifact: Artifact) -> None:
        """Record the reference under `key`."""
        record = Record(kind=type(artifact).__name__, digest=artifact.digest, built=datetime.now(UTC))
        self._write(_record(key), record.model_dump_json())

    def use(self, key: str) -> None:
        """Note that the record was used just now, here and, at most daily, in the remote store."""
        path = self.root / _record(key)
        os.utime(path)
        if self.remote is not None:
            self.remote.refresh(f"cache/{_record(key)}", path.read_bytes())

    def forget(self, key: str) -> None:
        """Remove the record."""
        (self.root / _record(key)).unlink(missing_ok=True)
        if self.remote is not None:
            self.remote.delete(f"cache/{_record(key)}")

    def last(self, label: str) -> Recipe | None:
        """Return the recipe with which this stage and domain were last built."""
        for content in self._copies(_note(label)):
            with suppress(ValueError):
                recipe: Recipe = json.loads(content)
                return recipe
        return None

    def note_last(self, label: str, recipe: Recipe) -> None:
        """Keep the recipe as the newest one of this stage and domain."""
        self._write(_note(label), json.dumps(recipe))

    def _copies(self, name: str) -> Iterator[bytes]:
        """Give the file's content as it stands here, and then as it stands in the remote store."""
        with suppress(OSError):
            yield (self.root / name).read_bytes()
        content = self.remote.read(f"cache/{name}") if self.remote is not None else None
        if content is not None:
            yield content

    def _keep(self, name: str, content: bytes) -> None:
        """Keep here what was found in the remote store."""
        path = self.root / name
        if not path.is_file() or path.read_bytes() != content:
            _write(path, content.decode())

    def _write(self, name: str, text: str) -> None:
        _write(self.root / name, text)
        if self.remote is not None:
            self.remote.write(f"cache/{name}", text.encode())


def _record(key: str) -> str:
    return f"{key}.json"


def _note(label: str) -> str:
    return f"last/{label.replace(':', '-')}.json"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".partial")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(partial).replace(path)
