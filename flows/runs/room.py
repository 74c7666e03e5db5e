"""Whether the folders that a run writes to are open, and have room for what it will write.

In: settings, and for the room the configuration and its plan. Out: nothing, or one message before anything
is built. The estimate knows the big things alone: merged weights, bundles, adapters, and what exists only
while a stage works. It is what a run writes at least, give or take a tenth.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.kernel.errors import StoreError
from tasks.kernel.settings import Settings
from tasks.kernel.user_files import user_files

if TYPE_CHECKING:
    from flows.config import Config
    from flows.plan import Row
    from flows.runs.selection import Rebuild

_GB = 1e9
_EMBEDDED_BYTES = 538_000_000
"""The embedded model as float32, as it is merged."""
_SHARES = {"finetune": 0.1, "merge": 1.0, "heal": 0.7, "convert": 0.25, "share": 0.02}
"""What each stage keeps of the base model's bytes: adapter and checkpoint, merged weights, healed
weights, INT4 bundle."""
_PASSING = {"graph": 1.0, "convert": 1.0, "share": 1.0, "heal": 6.4}
"""What one stage needs while it works, in the same measure: the float graph; weights, best weights and two
moments in the checkpoint of healing, and as much again while it is replaced."""
_ARTIFACTS = "set POCKETMOE_ARTIFACTS to a folder that is"


@dataclass(frozen=True)
class Place:
    """A folder that runs write to."""

    folder: Path
    advice: str
    needed: bool = True
    """Whether a run must write there; what is full already may be read as it is."""

    def problem(self) -> str:
        """Return why it cannot be written to; empty: it can."""
        found = nearest(self.folder)
        try:
            with tempfile.TemporaryFile(dir=found):
                return ""
        except OSError as error:
            return f"{found}: not writable ({error.strerror})" if self.needed else ""


def writable_places(settings: Settings) -> dict[str, Place]:
    """Return the folders that a run writes to, by what they are for."""
    advice = f"make it writable, or {_ARTIFACTS}"
    parts = {
        "artifacts": settings.home,
        "store": settings.store,
        "cache": settings.cache,
        "runs": settings.runs,
        "locks": settings.locks,
        "Prefect's files": Path(os.environ.get("PREFECT_HOME", settings.home / "prefect")),
        "MLflow's files": settings.home / "mlflow",
    }
    return {
        **{name: Place(folder, advice) for name, folder in parts.items()},
        "models": _models_place(),
        "temporary files": Place(_temporary(), "make it writable, or set TMPDIR to a folder that is"),
    }


def refuse_unwritable(settings: Settings) -> None:
    """Raise StoreError that names every folder which a run cannot write to."""
    problems: dict[str, str] = {}
    for place in writable_places(settings).values():
        if problem := place.problem():
            problems.setdefault(problem, f"{problem}; {place.advice}")
    if problems:
        raise StoreError("\n".join(problems.values()))


def nearest(folder: Path) -> Path:
    """Return `folder`, or the closest one above it that is there and may be looked at."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)


def refuse_shortage(
    config: "Config", settings: Settings, rebuild: "Rebuild | None", free: int | None = None
) -> None:
    """Raise StoreError where there is not the room for what a run will write.

    The plan is made only where there is not the room for everything anew.
    """
    experts = len(config.domains) + 1
    free = _free(settings) if free is None else free
    if free >= estimate(config, [*_SHARES] * experts):
        return
    from flows.plan import plan

    if problem := shortage(config, plan(config, settings, rebuild), settings, free):
        raise StoreError(problem)


def shortage(config: "Config", rows: "Iterable[Row]", settings: Settings, free: int | None = None) -> str:
    """Return the sentence on room that is missing for what the plan's rows write; empty: there is enough."""
    needed = estimate(config, [row.stage for row in rows if row.status == "miss"])
    free = _free(settings) if free is None else free
    if free >= needed:
        return ""
    return (
        f"{settings.home}: about {needed / _GB:.1f} GB will be written and {free / _GB:.1f} GB are free;"
        " free some (`pocketmoe gc`), or set POCKETMOE_ARTIFACTS to a folder with more"
    )


def estimate(config: "Config", stages: Iterable[str]) -> int:
    """Return the bytes that stages of these names write at least, all of them together."""
    listed = list(stages)
    kept = sum(_SHARES.get(stage, 0.0) for stage in listed)
    passing = max((_PASSING.get(stage, 0.0) for stage in listed), default=0.0)
    return int((kept + passing) * _weights(config))


def _weights(config: "Config") -> int:
    """Return the bytes of the base model; nothing where that is not known before it is there."""
    base = config.base_model
    if base.source == "embedded":
        return _EMBEDDED_BYTES
    if base.source != "folder":
        return 0
    return sum(file.bytes for file in user_files(base.path) if file.path.suffix == ".safetensors")


def _free(settings: Settings) -> int:
    return shutil.disk_usage(nearest(settings.home)).free


def _models_place() -> Place:
    """Return where models are unpacked or made: once it is filled, nothing more need be written there."""
    from tasks.models.places import models_cache

    advice = "make it writable, or set XDG_CACHE_HOME to a folder that is"
    try:
        folder = models_cache()
    except RuntimeError:
        return Place(Path("~/.cache"), f"no home folder is known: {advice}")
    return Place(folder, advice, needed=not _filled(folder))


def _filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _temporary() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108  # only named, in an error
