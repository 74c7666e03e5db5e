"""The content-addressed store: an artifact is an immutable folder named by the digest of its bytes.

In: a filled staging folder. Out: a typed reference that holds only the digest. A folder
becomes visible by one rename after its manifest is written, so a failure leaves nothing,
and two racing publishers of the same bytes are harmless.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tasks.errors import StoreError


class Artifact(BaseModel):
    """A reference to immutable bytes in the store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class Corpus(Artifact):
    """Passages and ready-made examples of one domain."""


class QADataset(Artifact):
    """Question-answer pairs of one domain, split into train, validation and test."""


class Router(Artifact):
    """A classifier from question to domain."""


class Adapter(Artifact):
    """A PEFT adapter: a domain's expert, or the generalist."""


class MergedModel(Artifact):
    """A base model with one adapter folded in."""


class EdgeModel(Artifact):
    """An INT4 bundle for phones."""


class EvalReport(Artifact):
    """Held-out measurements of the whole system."""


class FileEntry(BaseModel):
    """One file of an artifact."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    bytes: int


class Provenance(BaseModel):
    """How an artifact came to be; none of it enters the digest."""

    key: str
    """Fingerprint of the recipe that built it."""
    recipe: dict[str, object]
    metrics: dict[str, float]
    seconds: float
    peak_memory_bytes: int
    packages: dict[str, str]
    git_commit: str
    mlflow_run: str = ""


class Manifest(Provenance):
    """Provenance and the files that were published."""

    kind: str
    digest: str
    files: dict[str, FileEntry]


A = TypeVar("A", bound=Artifact)


class Store:
    """Artifacts below one folder: `<kind>/<digest>/{data/,manifest.json}`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, artifact: Artifact) -> Path:
        """Return the folder with the artifact's bytes, whether or not it is there."""
        return self._home(artifact) / "data"

    def manifest(self, artifact: Artifact) -> Manifest:
        """Read the artifact's manifest; raise StoreError where it is missing or malformed."""
        path = self._home(artifact) / "manifest.json"
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: the manifest cannot be read; run the pipeline again") from error

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give an empty folder on the store's file system and remove what is left of it."""
        parent = self.root / ".staging"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            (folder / "data").mkdir()
            yield folder / "data"
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, kind: type[A], data: Path, provenance: Provenance) -> A:
        """Hash the staged folder `data` and move it into the store.

        An existing destination is accepted when its bytes verify, and otherwise moved aside.
        Raises StoreError where the folder is empty.
        """
        files = hash_folder(data)
        if not files:
            raise StoreError(f"{kind.__name__}: the stage wrote no file; nothing is published")
        artifact = kind(digest=folder_digest(files))
        manifest = Manifest(
            kind=kind.__name__, digest=artifact.digest, files=files, **provenance.model_dump()
        )
        _write_durably(data.parent / "manifest.json", manifest.model_dump_json(indent=1))
        _sync_tree(data)
        self._move_in(data.parent, artifact)
        return artifact

    def damage(self, artifact: Artifact, *, deep: bool = True) -> str:
        """Say what is wrong with the stored bytes, or return an empty string.

        `deep` reads every byte; otherwise only names and sizes are compared.
        """
        home = self._home(artifact)
        if not home.is_dir():
            return "its bytes are gone"
        try:
            expected = self.manifest(artifact).files
        except StoreError:
            return "its manifest is damaged"
        if deep:
            found = hash_folder(home / "data")
            wrong = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
        else:
            wrong = [name for name, entry in expected.items() if _size(home / "data" / name) != entry.bytes]
        return f"{min(wrong)} is damaged or missing" if wrong else ""

    def _home(self, artifact: Artifact) -> Path:
        return self.root / type(artifact).__name__.lower() / artifact.digest

    def _move_in(self, staged: Path, artifact: Artifact) -> None:
        home = self._home(artifact)
        home.parent.mkdir(parents=True, exist_ok=True)
        if home.exists():
            if not self.damage(artifact):
                return
            self._move_aside(home)
        try:
            staged.rename(home)
        except OSError:
            if self.damage(artifact):
                raise
        _sync(home.parent)

    def _move_aside(self, home: Path) -> None:
        aside = self.root / ".damaged"
        aside.mkdir(exist_ok=True)
        home.rename(Path(tempfile.mkdtemp(dir=aside)) / home.name)


def hash_folder(folder: Path) -> dict[str, FileEntry]:
    """Return digest and size of every file below `folder` by its relative name, sorted."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in paths}


def hash_file(path: Path) -> FileEntry:
    """Return the SHA-256 and the size in bytes of one file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileEntry(sha256=digest, bytes=path.stat().st_size)


def folder_digest(files: dict[str, FileEntry]) -> str:
    """Return the digest of names and contents: no times, no host, no order."""
    listing = {name: entry.sha256 for name, entry in files.items()}
    return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_tree(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
