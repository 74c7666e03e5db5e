"""Write the system bundle of a finished run: a folder, and the same as a zip.

In: a run and where to write. Out: both, whole or not at all. Every expert has answered in the runtime before
anything stands there, and equal runs give equal bytes: an app's update should change only what changed.
"""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from serving.bundle_experts import BundleExperts
from serving.experts import BUNDLE_FILE
from serving.runs import FinishedRun
from serving.system_bundle.base_model import bundled_base
from serving.system_bundle.read_me import PLAYER, WHAT, write_card
from tasks.kernel.errors import ConfigError, ModelError
from tasks.models.bundle_metadata import bundle_metadata
from tasks.records.system import (
    MANIFEST,
    BundledExpert,
    BundledFile,
    BundledRouter,
    SystemManifest,
    digest_of,
    write_manifest,
)
from tasks.router_runtime.phone import export
from tasks.router_runtime.phone.parity import own_questions
from tasks.router_runtime.router_files import load_router

EXPERTS, ROUTER = "experts", "router"
_PROBE = "Hello?"
_PROBE_TOKENS = 8
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PACKED = {".litertlm", ".onnx"}
"""Files that do not become smaller in a zip."""


@dataclass(frozen=True)
class Written:
    """What was written."""

    folder: Path
    archive: Path
    manifest: SystemManifest


def write_system(run: FinishedRun, out: Path) -> Written:
    """Write `out` and `out`.zip; raise PipelineError where the run lacks a part or one does not work."""
    out = Path(os.path.abspath(out))  # noqa: PTH100  # a link there is not to be followed
    archive = out.with_name(f"{out.name}.zip")
    for path in (out, archive):
        if path.exists() or path.is_symlink():
            raise ConfigError(f"{path}: exists already; name a new folder")
    bundles, router = _bundles(run), _router(run)
    out.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        staging = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        manifest = _fill(staging / out.name, run, bundles, router)
        _zip(staging / out.name, staging / archive.name)
        (staging / archive.name).rename(archive)
        (staging / out.name).rename(out)
    return Written(out, archive, manifest)


def _bundles(run: FinishedRun) -> dict[str, Path]:
    """Return the bundle of every expert; raise ModelError where one is not there."""
    found = {domain: folder / BUNDLE_FILE for domain, folder in run.domains("edge").items()}
    for domain, path in found.items():
        if not path.is_file():
            raise ModelError(f"{path}: the run's edge/{domain} holds no bundle; run the convert stage again")
    return found


def _router(run: FinishedRun) -> Path | None:
    """Return the router's folder, or nothing where one expert answers everything.

    Raises ConfigError where router and bundles are not of the same domains.
    """
    folder = run.part("router")
    labels = load_router(folder).labels
    bundles = sorted(name.removeprefix("edge/") for name in run.artifacts if name.startswith("edge/"))
    if lacking := sorted(set(labels) - set(bundles)):
        raise ConfigError(
            f"{run.folder}: the router sends questions to {lacking[0]}, but the run has no edge/{lacking[0]};"
            " run `pocketmoe run` again to build it"
        )
    if extra := sorted(set(bundles) - set(labels)):
        raise ConfigError(
            f"{run.folder}: the run has edge/{extra[0]}, but its router knows no {extra[0]};"
            " run `pocketmoe run` again to train it"
        )
    return folder if len(labels) > 1 else None


def _fill(folder: Path, run: FinishedRun, bundles: Mapping[str, Path], router: Path | None) -> SystemManifest:
    (folder / EXPERTS).mkdir(parents=True)
    experts = [_expert(folder, domain, source) for domain, source in bundles.items()]
    base = bundled_base(run.base_model, folder)
    shutil.copyfile(Path(__file__).parent / PLAYER, folder / PLAYER)
    manifest = SystemManifest(
        run=run.folder.name,
        base_model=base,
        experts=tuple(experts),
        router=_export(router, folder / ROUTER) if router else None,
        files=(),
    )
    _answers(manifest, folder)
    write_card(folder, manifest, {file.path: file.bytes for file in _files(folder)})
    manifest = manifest.model_copy(update={"files": tuple(_files(folder))})
    write_manifest(folder, manifest)
    return manifest


def _expert(folder: Path, domain: str, source: Path) -> BundledExpert:
    path = f"{EXPERTS}/{domain}{source.suffix}"
    shutil.copyfile(source, folder / path)
    said = bundle_metadata(folder / path)
    return BundledExpert(
        domain=domain,
        file=path,
        context_tokens=said.context_tokens,
        chat_template=said.chat_template,
        stop_tokens=said.stop_tokens,
    )


def _export(source: Path, folder: Path) -> BundledRouter:
    done = export.export_router(load_router(source), folder, own_questions(source))
    reader = export.PARTS_READER if export.PARTS_READER in done.bytes else export.READER
    return BundledRouter(folder=folder.name, reader=f"{folder.name}/{reader}")


def _answers(manifest: SystemManifest, folder: Path) -> None:
    """Have each expert answer; raise ModelError where the runtime cannot."""
    files = {expert.domain: folder / expert.file for expert in manifest.experts}
    experts = BundleExperts(files, None, _PROBE_TOKENS)
    for domain in files:
        opened = experts.load(domain)
        try:
            "".join(opened.answer(domain, _PROBE))
        finally:
            opened.close()


def _files(folder: Path) -> list[BundledFile]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return [_file(path, path.relative_to(folder).as_posix()) for path in paths]


def _file(path: Path, name: str) -> BundledFile:
    what = next(text for pattern, text in WHAT if Path(name).match(pattern))
    return BundledFile(path=name, bytes=path.stat().st_size, sha256=digest_of(path), what=what)


def _zip(folder: Path, archive: Path) -> None:
    """Pack the folder under its own name, with no clock in it."""
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, packed.open(entry, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)
