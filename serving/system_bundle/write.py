"""Write the system bundle of a finished run: a folder, and the same as a zip.

In: a run and where to write. Out: both, whole or not at all. Every expert has answered in the runtime before
anything stands there, and equal runs give equal bytes: an app's update should change only what changed.
"""

import os
import shutil
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from serving.runs import FinishedRun
from serving.system_bundle.base_model import bundled_base
from serving.system_bundle.parts import ExpertParts, Form, Parts, parts_of
from serving.system_bundle.probe import probe
from serving.system_bundle.read_me import PLAYER, WHAT, write_card
from tasks.kernel.errors import ConfigError
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

ROUTER = "router"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PACKED = {".litertlm", ".onnx"}
"""Files that do not become smaller in a zip."""


@dataclass(frozen=True)
class Written:
    """What was written."""

    folder: Path
    archive: Path
    manifest: SystemManifest


def write_system(run: FinishedRun, out: Path, form: Form = "merged") -> Written:
    """Write `out` and `out`.zip; raise PipelineError where the run lacks a part or one does not work."""
    out = Path(os.path.abspath(out))  # noqa: PTH100  # a link there is not to be followed
    archive = out.with_name(f"{out.name}.zip")
    for path in (out, archive):
        if path.exists() or path.is_symlink():
            raise ConfigError(f"{path}: exists already; name a new folder")
    parts = parts_of(run, form)
    out.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        staging = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        manifest = _fill(staging / out.name, run, parts, form)
        _zip(staging / out.name, staging / archive.name)
        (staging / archive.name).rename(archive)
        (staging / out.name).rename(out)
    return Written(out, archive, manifest)


def _fill(folder: Path, run: FinishedRun, parts: Parts, form: Form) -> SystemManifest:
    for path, source in {**parts.files(), PLAYER: Path(__file__).parent / PLAYER}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / path)
    manifest = SystemManifest(
        form=form,
        run=run.folder.name,
        base_model=bundled_base(run.base_model, folder),
        experts=tuple(_expert(folder, domain, one) for domain, one in parts.experts.items()),
        no_adapter=parts.no_adapter.path if parts.no_adapter else None,
        router=_export(parts.router, folder / ROUTER) if parts.router else None,
        files=(),
    )
    probe(folder, manifest)
    write_card(folder, manifest, {file.path: file.bytes for file in _files(folder)})
    manifest = manifest.model_copy(update={"files": tuple(_files(folder))})
    write_manifest(folder, manifest)
    return manifest


def _expert(folder: Path, domain: str, parts: ExpertParts) -> BundledExpert:
    said = bundle_metadata(folder / parts.bundle.path)
    return BundledExpert(
        domain=domain,
        file=parts.bundle.path,
        adapter=parts.adapter.path if parts.adapter else None,
        context_tokens=said.context_tokens,
        chat_template=said.chat_template,
        stop_tokens=said.stop_tokens,
    )


def _export(source: Path, folder: Path) -> BundledRouter:
    done = export.export_router(load_router(source), folder, own_questions(source))
    reader = export.PARTS_READER if export.PARTS_READER in done.bytes else export.READER
    return BundledRouter(folder=folder.name, reader=f"{folder.name}/{reader}")


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
