"""The half of the store that machines share: a bucket, or a folder, behind fsspec.

In: published folders, and small records by path. Out: the same, verified. A folder counts only
when its manifest is there: it is written last, removed first and says the digest of every file,
so nobody ever reads half of one.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.kernel.errors import StoreError
from tasks.kernel.storage.manifest import MANIFEST, Manifest, folder_digest, hash_file
from tasks.kernel.storage.shared_files import chunks, connected, modified, whole

_DAMAGED = "manifest.damaged.json"


@dataclass(frozen=True)
class RemoteFile:
    """One stored file."""

    bytes: int
    modified: datetime


class Remote:
    """Files below one URL: `store/<kind>/<digest>/{data/,manifest.json}`, and records by their paths."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def upload(self, home: Path, name: str) -> None:
        """Store the folder `home` as `name`, its manifest last, unless all of it is there already."""
        if not self.damage(name):
            return
        manifest = Manifest.model_validate_json((home / MANIFEST).read_bytes())
        for file in manifest.files:
            self._put(home / "data" / file, f"store/{name}/data/{file}")
        self._put(home / MANIFEST, f"store/{name}/{MANIFEST}")

    def download(self, name: str, into: Path) -> None:
        """Fill the folder `into` with data and manifest of `name`, every file verified.

        Raises StoreError where it is not published, and where a file is damaged: then its manifest
        is set aside, so that the next run builds it again instead of failing for ever.
        """
        manifest = self.manifest(name)
        for file, expected in manifest.files.items():
            target = into / "data" / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if not self._get(f"store/{name}/data/{file}", target) or hash_file(target) != expected:
                self._set_aside(name)
                raise StoreError(
                    f"{self.url}/store/{name}/data/{file}: damaged or missing; its manifest is set aside: "
                    "run `pocketmoe run` again to rebuild it"
                )
        (into / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")

    def manifest(self, name: str) -> Manifest:
        """Read a published manifest; raise StoreError where there is none or its digest is another."""
        place = f"{self.url}/store/{name}/{MANIFEST}"
        content = self.read(f"store/{name}/{MANIFEST}")
        if content is None:
            raise StoreError(f"{place}: not published; run `pocketmoe run` again to build it")
        with suppress(ValueError):
            manifest = Manifest.model_validate_json(content)
            if folder_digest(manifest.files) == name.rpartition("/")[2]:
                return manifest
        self._set_aside(name)
        raise StoreError(f"{place}: damaged, and set aside; run `pocketmoe run` again to rebuild it")

    def damage(self, name: str) -> str:
        """Say what is wrong with names and sizes of the published files, or return an empty string."""
        found = self.list_files(f"store/{name}")
        if MANIFEST not in found:
            return "its bytes are gone"
        try:
            expected = self.manifest(name).files
        except StoreError:
            return "its manifest is damaged"
        sizes = {path: file.bytes for path, file in found.items()}
        wrong = [file for file, entry in expected.items() if sizes.get(f"data/{file}") != entry.bytes]
        return f"{min(wrong)} is damaged or missing" if wrong else ""

    def remove(self, name: str) -> None:
        """Delete what is published as `name`, its manifest first."""
        files = self.list_files(f"store/{name}")
        for file in sorted(files, key=lambda file: file != MANIFEST):
            self.delete(f"store/{name}/{file}")

    def read(self, path: str) -> bytes | None:
        """Return the content of one small file; none where there is no such file."""
        with connected(self.url) as (files, root):
            try:
                content: bytes = files.cat_file(f"{root}/{path}")
            except FileNotFoundError:
                return None
        return content

    def write(self, path: str, content: bytes) -> None:
        """Write one small file in one step."""
        with connected(self.url) as (files, root), whole(files, f"{root}/{path}") as target:
            files.pipe_file(target, content)

    def refresh(self, path: str, content: bytes) -> None:
        """Write one small file unless it was written within a day: its time says when it was last used."""
        with connected(self.url) as (files, root):
            try:
                written = modified(files.info(f"{root}/{path}"))
            except FileNotFoundError:
                written = datetime.min.replace(tzinfo=UTC)
        if datetime.now(UTC) - written > timedelta(days=1):
            self.write(path, content)

    def delete(self, path: str) -> None:
        """Delete one file, if it is there."""
        with connected(self.url) as (files, root), suppress(FileNotFoundError):
            files.rm_file(f"{root}/{path}")

    def list_files(self, folder: str) -> dict[str, RemoteFile]:
        """Return every file below `folder` by its path from there."""
        with connected(self.url) as (files, root):
            place = f"{root}/{folder}/"
            found = files.find(place, detail=True)
        return {
            path.removeprefix(place): RemoteFile(int(info["size"]), modified(info))
            for path, info in found.items()
            if path.startswith(place)
        }

    def _put(self, source: Path, path: str) -> None:
        with connected(self.url) as (files, root), whole(files, f"{root}/{path}") as target:
            files.put_file(str(source), target, **chunks(files))

    def _get(self, path: str, target: Path) -> bool:
        with connected(self.url) as (files, root):
            try:
                files.get_file(f"{root}/{path}", str(target), **chunks(files))
            except FileNotFoundError:
                return False
        return True

    def _set_aside(self, name: str) -> None:
        with connected(self.url) as (files, root), suppress(FileNotFoundError):
            files.mv(f"{root}/store/{name}/{MANIFEST}", f"{root}/store/{name}/{_DAMAGED}")
