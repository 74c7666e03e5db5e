"""The full retrain on this machine: registered from prefect.yaml, and run by a worker.

In: configuration files, a schedule, a pool. Out: a deployment on the configured server. prefect.yaml stays
the one definition: it is read, changed where asked, and given to Prefect's own `prefect deploy`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import ValidationError

from flows.server.dashboards import answers
from flows.server.ownership import own_api
from tasks.kernel.errors import ConfigError, ServiceError
from tasks.kernel.settings import PROJECT, Settings

PREFECT_FILE = PROJECT / "prefect.yaml"

_PREFECT = (sys.executable, "-m", "prefect")


@dataclass(frozen=True)
class Retrain:
    """What is deployed; None: as prefect.yaml says."""

    configs: Sequence[Path]
    name: str | None = None
    pool: str | None = None
    cron: str | None = None
    timezone: str | None = None
    scheduled: bool = True
    incremental: bool = False
    """Build what has changed instead of everything."""


def deploy(wanted: Retrain, api: str) -> dict[str, Any]:
    """Register the deployment, or change the one of this name; return its definition.

    Raises ConfigError where the schedule or Prefect's own check refuses it.
    """
    content = yaml.safe_load(PREFECT_FILE.read_text(encoding="utf-8"))
    definition = _definition(content["deployments"][0], wanted)
    refuse_missing_pool(definition["work_pool"]["name"])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(yaml.safe_dump({**content, "deployments": [definition]}), encoding="utf-8")
        command = [*_PREFECT, "--no-prompt", "deploy", "--prefect-file", str(file), "--all"]
        done = subprocess.run(
            command, cwd=PROJECT, env={**os.environ, **_api(api)}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise ConfigError(f"Prefect refuses the deployment:\n{done.stdout}{done.stderr}".rstrip())
    return definition


def worker_command(pool: str, limit: int | None = None) -> list[str]:
    """Return the command that runs the flow runs of a pool."""
    limited = ["--limit", str(limit)] if limit else []
    return [*_PREFECT, "worker", "start", "--pool", pool, "--type", "process", *limited]


def worker_environment(settings: Settings, api: str) -> dict[str, str]:
    """Return what a worker's flow runs need to find artifacts and server, wherever they are started."""
    level = dict.fromkeys(("PREFECT_LOGGING_LEVEL", "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"), "INFO")
    return {**os.environ, **_api(api), **level, "POCKETMOE_ARTIFACTS": str(settings.home)}


@contextmanager
def running_api(settings: Settings) -> Iterator[str]:
    """Give the address of a Prefect API that runs already; raise ServiceError where none answers."""
    configured = os.environ.get("PREFECT_API_URL")
    if configured and not answers(f"{configured}/health"):
        raise ServiceError(f"PREFECT_API_URL={configured}: no Prefect API answers; start it, or set another")
    url = configured or own_api(settings)
    if not url:
        raise ServiceError(
            f"{settings.home}: no Prefect API of this folder answers; start it with `pocketmoe up`,"
            " or set PREFECT_API_URL"
        )
    with temporary_settings({PREFECT_API_URL: url}):
        yield url


def refuse_missing_pool(name: str) -> None:
    """Raise ConfigError where the server has no such work pool."""
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
        except ObjectNotFound as error:
            raise ConfigError(
                f"work pool {name}: the server has none; run `pocketmoe setup` first"
            ) from error


def _api(url: str) -> dict[str, str]:
    return {"PREFECT_API_URL": url}


def _definition(default: Mapping[str, Any], wanted: Retrain) -> dict[str, Any]:
    schedule = dict(default["schedules"][0])
    schedule["cron"] = wanted.cron or schedule["cron"]
    schedule["timezone"] = wanted.timezone or schedule["timezone"]
    schedule["active"] = wanted.scheduled
    _refuse_schedule(schedule["cron"], schedule["timezone"])
    parameters = {**default["parameters"], "configs": [_portable(path) for path in wanted.configs]}
    if wanted.incremental:
        parameters.pop("rebuild")
    return {
        **default,
        "name": wanted.name or default["name"],
        "parameters": parameters,
        "schedules": [schedule],
        "work_pool": {**default["work_pool"], "name": wanted.pool or default["work_pool"]["name"]},
    }


def _refuse_schedule(cron: str, timezone: str) -> None:
    try:
        CronSchedule(cron=cron, timezone=timezone)
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(
            f"schedule {cron!r} in {timezone!r}: {problem}; write it as in --cron '0 3 * * 0'"
            " --timezone Europe/Berlin"
        ) from error


def _portable(path: Path) -> str:
    """Return the path from the project's folder where it lies in there."""
    full = path.resolve()
    return str(full.relative_to(PROJECT) if full.is_relative_to(PROJECT) else full)
