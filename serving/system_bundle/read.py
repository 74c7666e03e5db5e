"""Open a system bundle here, as an app does on a phone: a folder or a zip in, router and experts out.

Nothing of it is executed: readers and runtime are ours. A zip is unpacked for as long as it is open, because
the runtime maps files.
"""

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving.bundle_experts import BundleExperts
from serving.question_router import QuestionRouter
from tasks.kernel.errors import ConfigError, DataError
from tasks.models.edge_files import ExpertFiles
from tasks.records.system import MANIFEST, SystemManifest, read_manifest
from tasks.router_runtime.phone.phone_router import PhoneRouter
from tasks.router_runtime.policy import Decision, Policy


@dataclass(frozen=True)
class System:
    """An open system bundle."""

    folder: Path
    manifest: SystemManifest
    router: QuestionRouter

    def experts(self, cache: Path | None, max_new_tokens: int) -> BundleExperts:
        """Return its experts, none of them in memory; packed weights are kept in `cache`."""
        files = {
            one.domain: ExpertFiles(
                self.folder / one.file, self.folder / one.adapter if one.adapter else None
            )
            for one in self.manifest.experts
        }
        return BundleExperts(files, cache, max_new_tokens)


class OnlyExpert:
    """Sends every question to the one expert that there is."""

    def __init__(self, domain: str) -> None:
        self.labels, self.policy = (domain,), Policy()

    def decide(self, questions: Sequence[str]) -> list[Decision]:
        """Return the same decision for each question."""
        return [Decision("expert", ((label, 1.0),), 1.0, 1.0) for label in self.labels for _ in questions]


@contextmanager
def open_system(path: Path) -> Iterator[System]:
    """Open the bundle in `path`; raise PipelineError where it is none, damaged or of another version."""
    with _unpacked(path) as folder:
        manifest = read_manifest(folder)
        router = PhoneRouter(folder / manifest.router.folder) if manifest.router else None
        yield System(folder, manifest, router or OnlyExpert(manifest.experts[0].domain))


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise ConfigError(f"{path}: no such bundle; write one with `pocketmoe bundle`")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with zipfile.ZipFile(path) as packed:
                packed.extractall(scratch)
        except zipfile.BadZipFile as error:
            raise DataError(f"{path}: no zip file, or a damaged one ({error}); copy it again") from error
        found = [*Path(scratch).glob(MANIFEST), *Path(scratch).glob(f"*/{MANIFEST}")]
        if not found:
            raise DataError(f"{path}: no {MANIFEST} in it; write one with `pocketmoe bundle`")
        yield found[0].parent
