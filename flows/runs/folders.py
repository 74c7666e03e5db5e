"""A run's folder: made when the run starts, so that a run that dies can be named and gone on with.

In: what the run was asked for. Out: `runs/<UTC>-<flow run>/` with `config.json` (the merged
configuration, a config file itself) and `run.json`. A flow run that the dashboard retries finds
its own folder and goes on with what stands in it, whatever became of the files since.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from flows.config import Config, load_config
from flows.runs.selection import Rebuild
from tasks.kernel.errors import StoreError
from tasks.kernel.settings import Settings
from tasks.records.files import write_json


class RunFile(BaseModel):
    """What run.json holds."""

    model_config = ConfigDict(frozen=True)

    flow_run: str
    """Prefect's id of the flow run."""
    started: datetime
    host: str
    pid: int
    configs: tuple[Path, ...]
    """The files that `config.json` was merged from."""
    rebuild: Rebuild
    mlflow_run: str = ""
    """MLflow's id of the run; empty until it is open."""


@dataclass(frozen=True)
class StartedRun:
    """A run that has started, now or earlier, and goes on."""

    folder: Path
    config: Config
    file: RunFile

    @property
    def lock(self) -> str:
        """Return the name of the lock that is held while the run goes on."""
        return f"run-{self.folder.name}"


def start_run(
    settings: Settings,
    flow_run: str,
    configs: Sequence[Path],
    rebuild: Rebuild,
    overrides: Mapping[str, JsonValue],
) -> StartedRun:
    """Make the run's folder, or open the one that this flow run made when it started before."""
    earlier = sorted(settings.runs.glob(f"*-{flow_run[:8]}/run.json"))
    if earlier:
        return reopen(earlier[0].parent)
    config = load_config(configs, overrides)
    started = datetime.now(UTC)
    file = RunFile(
        flow_run=flow_run,
        started=started,
        host=socket.gethostname(),
        pid=os.getpid(),
        configs=tuple(configs),
        rebuild=rebuild.model_copy(update={"since": rebuild.since or started}),
    )
    folder = settings.runs / f"{started:%Y%m%d-%H%M%S}-{flow_run[:8]}"
    folder.mkdir(parents=True)
    write_json(folder / "config.json", config.model_dump(mode="json"))
    _write(folder, file)
    return StartedRun(folder, config, file)


def note_mlflow_run(this_run: StartedRun, run: str) -> None:
    """Keep MLflow's id of the run, so that a retry goes on with it."""
    _write(this_run.folder, this_run.file.model_copy(update={"mlflow_run": run}))


def reopen(folder: Path) -> StartedRun:
    """Read what a run was started with; raise StoreError where that cannot be read."""
    try:
        file = RunFile.model_validate_json((folder / "run.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise StoreError(f"{folder / 'run.json'}: cannot be read; start a new run") from error
    return StartedRun(folder, load_config([folder / "config.json"]), file)


def find_run(settings: Settings, name: str) -> Path:
    """Return the folder of the run with this name, or whose name or flow run ends with it.

    Raises StoreError where no run, or more than one, is meant.
    """
    if (settings.runs / name / "run.json").is_file():
        return (settings.runs / name).resolve()
    found = [path.parent for path in settings.runs.glob(f"*-{name[:8]}/run.json")]
    if len(found) == 1:
        return found[0]
    known = sorted(
        path.parent.name for path in settings.runs.glob("*/run.json") if not path.parent.is_symlink()
    )
    raise StoreError(
        f"{name}: no such run below {settings.runs}; the newest are {', '.join(known[-5:]) or 'none'}"
    )


def _write(folder: Path, file: RunFile) -> None:
    partial = folder / ".run.json"
    write_json(partial, file.model_dump(mode="json"))
    partial.replace(folder / "run.json")
