"""What a system bundle holds: `manifest.json`, by which an app finds its way in the folder.

In: a bundle's folder. Out: one typed value. It names every other file with its digest, so that what was cut
short or changed on its way to a phone is found before the runtime opens it: the runtime checks little.
"""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tasks.kernel.errors import DataError
from tasks.records.files import Figures, read_json, write_json

MANIFEST = "manifest.json"
VERSION = 1
"""Raised when an older player would misread what is written."""
_REMEDY = "write it again with `pocketmoe bundle`"


def _inside(path: str) -> str:
    """Refuse a path that leaves the bundle."""
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path:
        raise ValueError(f"{path!r} is not inside the bundle")
    return path


Inside = Annotated[str, AfterValidator(_inside)]
"""A path below the bundle's folder, with slashes."""


class BundledFile(Figures):
    """A file as it was written."""

    path: Inside
    bytes: int
    sha256: str
    what: str
    """What it is for, in a sentence."""


class BundledBase(Figures):
    """The model that all experts were trained from."""

    name: str
    revision: str
    """Version, commit, or digest of its files."""
    licence: str | None
    """As its publisher names it; null where its folder says nothing."""
    licence_file: Inside | None


class BundledExpert(Figures):
    """Who answers the questions of a domain."""

    domain: str
    file: Inside
    """The bundle, which several experts may share."""
    adapter: Inside | None = None
    """What a conversation with this expert is opened with; null where the bundle is its own."""
    context_tokens: int
    """Prompt, answer and the eight tokens that have to stay free fit in so many."""
    chat_template: str
    """Jinja; the runtime applies it by itself."""
    stop_tokens: tuple[int, ...]


class BundledRouter(Figures):
    """Who says which expert answers."""

    folder: Inside
    reader: Inside
    """The program in plain Python that reads this form."""


class SystemManifest(Figures):
    """A system bundle, as an app reads it."""

    format: Literal["pocketmoe-system"] = "pocketmoe-system"
    version: int = VERSION
    form: Literal["merged", "shared"] = "merged"
    """`merged`: a whole model for each expert; `shared`: one base, and an adapter for each that can be."""
    run: str
    """Name of the run that made it."""
    base_model: BundledBase
    experts: tuple[BundledExpert, ...] = Field(min_length=1)
    no_adapter: Inside | None = None
    """An adapter that changes nothing: a shared bundle must never be asked without any."""
    router: BundledRouter | None
    """Null where there is one expert, who answers everything."""
    files: tuple[BundledFile, ...]
    """Everything in the folder but the manifest itself."""


def write_manifest(folder: Path, manifest: SystemManifest) -> None:
    """Write `manifest.json`."""
    write_json(folder / MANIFEST, manifest.model_dump(mode="json"))


def read_manifest(folder: Path) -> SystemManifest:
    """Return the manifest of a bundle whose files are those that it names.

    Raises DataError with file and remedy where one is missing or changed, or the form is of another version.
    """
    manifest = read_json(folder / MANIFEST, SystemManifest, _REMEDY)
    if manifest.version != VERSION:
        raise DataError(
            f"{folder / MANIFEST}: version {manifest.version} of the format, but this program reads version"
            f" {VERSION}; use the PocketMoE that wrote it"
        )
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            raise DataError(f"{path}: missing; {_REMEDY}, or copy the whole folder")
        if path.stat().st_size != file.bytes or digest_of(path) != file.sha256:
            raise DataError(f"{path}: not what the manifest says; {_REMEDY}, or copy it again")
    return manifest


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
