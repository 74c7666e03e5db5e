"""What an artifact consists of: digest and size of every file, and how it came to be.

In: a folder. Out: its listing, and one digest over names and contents. No time, host or order
enters the digest, so identical bytes have one name wherever and whenever they were made.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

MANIFEST = "manifest.json"


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
    seal: str = ""
    """Digest of everything else in the manifest: a changed byte of it is noticed as well."""

    def sealed(self) -> "Manifest":
        """Return the manifest with its seal."""
        return self.model_copy(update={"seal": self._digest()})

    def intact(self) -> bool:
        """Tell whether the seal is that of the content."""
        return self.seal == self._digest()

    def _digest(self) -> str:
        content = self.model_dump(mode="json", exclude={"seal"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


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
