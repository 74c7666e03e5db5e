"""The content-addressed store: an artifact is an immutable folder named by the digest of its bytes.

In: a filled staging folder. Out: a typed reference that holds only the digest. A folder
becomes visible by one rename after its manifest is written, so a failure leaves nothing,
and two racing publishers of the same bytes are harmless. Where machines share a remote store,
local folders are its cache, verified before use.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from filelock import FileLock

from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import StoreError
from tasks.kernel.storage.manifest import MANIFEST, Manifest, Provenance, folder_digest, hash_folder
from tasks.kernel.storage.remote import Remote

A = TypeVar("A", bound=Artifact)


class Store:
    """Artifacts below one folder: `<kind>/<digest>/{data/,manifest.json}`; `remote` is a URL, or empty."""

    def __init__(self, root: Path, remote: str = "") -> None:
        self.root = root
        self.remote = Remote(remote) if remote else None

    def folder(self, artifact: Artifact) -> Path:
        """Return the local folder of the artifact's bytes, whether or not it is there."""
        return self._home(artifact) / "data"

    def fetch(self, artifact: Artifact) -> Path:
        """Return the local folder with the artifact's bytes, for reading; download what is not there.

        With a remote store every local byte is verified first, and what is damaged is moved aside and
        downloaded again. Raises StoreError where the bytes are nowhere whole.
        """
        _touch(self._home(artifact))
        problem = self._damage(artifact, deep=self.remote is not None)
        if problem and self.remote is None:
            raise StoreError(f"{self._home(artifact)}: {problem}; run `pocketmoe run` again to rebuild it")
        if problem and self.remote is not None:
            with self.staging() as data:
                self.remote.download(_name(artifact), data.parent)
                self._move_in(data.parent, artifact)
        return self.folder(artifact)

    def manifest(self, artifact: Artifact) -> Manifest:
        """Read the artifact's manifest; raise StoreError where it is missing or malformed."""
        path = self._home(artifact) / MANIFEST
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            if self.remote is not None:
                return self.remote.manifest(_name(artifact))
            raise StoreError(f"{path}: the manifest cannot be read; run the pipeline again") from error

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give an empty folder on the store's file system and remove what is left of it.

        A lock file beside it is held meanwhile: a folder whose lock nobody holds is dead.
        """
        parent = self.root / ".staging"
        parent.mkdir(parents=True, exist_ok=True)
        folder = parent / uuid4().hex
        with locked(parent / f"{folder.name}.lock"):
            try:
                (folder / "data").mkdir(parents=True)
                yield folder / "data"
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, kind: type[A], data: Path, provenance: Provenance) -> A:
        """Hash the staged folder `data`, move it into the store, and share it where there is a remote.

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
        _write_durably(data.parent / MANIFEST, manifest.sealed().model_dump_json(indent=1))
        _sync_tree(data)
        self._move_in(data.parent, artifact)
        self.share(artifact)
        return artifact

    def share(self, artifact: Artifact) -> None:
        """Upload what the remote store, if there is one, lacks of an artifact that is here."""
        if self.remote is not None and self._home(artifact).is_dir():
            self.remote.upload(self._home(artifact), _name(artifact))

    def damage(self, artifact: Artifact, *, deep: bool = True) -> str:
        """Say what is wrong with the stored bytes, or return an empty string.

        `deep` reads every local byte; otherwise only names and sizes are compared. What can be
        downloaded is not damaged.
        """
        problem = self._damage(artifact, deep=deep)
        if problem and self.remote is not None:
            return self.remote.damage(_name(artifact))
        return problem

    def _damage(self, artifact: Artifact, *, deep: bool) -> str:
        home = self._home(artifact)
        if not home.is_dir():
            return "its bytes are gone"
        try:
            manifest = Manifest.model_validate_json((home / MANIFEST).read_bytes())
        except (OSError, ValueError):
            return "its manifest is damaged"
        if not manifest.intact():
            return "its manifest is damaged"
        expected = manifest.files
        if deep:
            found = hash_folder(home / "data")
            wrong = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
        else:
            wrong = [name for name, entry in expected.items() if _size(home / "data" / name) != entry.bytes]
        return f"{min(wrong)} is damaged or missing" if wrong else ""

    def _home(self, artifact: Artifact) -> Path:
        return self.root / _name(artifact)

    def _move_in(self, staged: Path, artifact: Artifact) -> None:
        home = self._home(artifact)
        home.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.root / ".staging" / f"{artifact.digest}.lock"):
            if home.exists():
                if not self._damage(artifact, deep=True):
                    _touch(home)
                    return
                self._move_aside(home)
            staged.rename(home)
            _sync(home.parent)

    def _move_aside(self, home: Path) -> None:
        aside = self.root / ".damaged"
        aside.mkdir(exist_ok=True)
        home.rename(Path(tempfile.mkdtemp(dir=aside)) / home.name)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that the operating system drops with this process, and leave no file behind."""
    with FileLock(path):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _name(artifact: Artifact) -> str:
    return f"{type(artifact).__name__.lower()}/{artifact.digest}"


def _touch(home: Path) -> None:
    """Note that the artifact, if it is there, was used just now."""
    with suppress(FileNotFoundError):
        os.utime(home / MANIFEST)


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
