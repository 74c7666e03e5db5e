"""Refuse a cluster whose workers do not reach what every stage needs: the Prefect API and the store.

In: settings, and a way to ask every worker. Out: nothing, or one error that names the workers,
what they miss and the remedy. A mark that this machine leaves in the store is looked for
by each worker with its own settings, because two folders may well have the same path.
"""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from prefect.settings import PREFECT_API_URL

from tasks.kernel.errors import PipelineError, ServiceError
from tasks.kernel.settings import Settings
from tasks.kernel.storage.remote import Remote

_ANSWER_SECONDS = 5.0
_SHOWN_WORKERS = 3


@dataclass(frozen=True)
class Mark:
    """What a worker looks for."""

    host: str
    api: str
    store_url: str
    home: Path
    name: str


Ask = Callable[[Mark], Mapping[str, list[str]]]
"""Calls `look` on every worker, and returns by worker what it found wrong."""


def refuse_unreachable(settings: Settings, ask: Ask) -> None:
    """Raise ServiceError where a worker cannot reach the API or the store, or where there is no worker."""
    with _marked(settings) as mark:
        found = ask(mark)
    if not found:
        raise ServiceError(
            f"{settings.task_runner}: the cluster has no workers; start some, or unset POCKETMOE_TASK_RUNNER"
        )
    workers: dict[str, list[str]] = {}
    for worker, problems in found.items():
        for problem in problems:
            workers.setdefault(problem, []).append(worker)
    if workers:
        lines = [f"{_named(names)}: {problem}" for problem, names in workers.items()]
        raise ServiceError("\n".join([f"{settings.task_runner}: workers cannot run stages", *lines]))


def look(mark: Mark) -> list[str]:
    """Say what this process, a worker, cannot reach."""
    return [problem for problem in (_api_problem(mark), _store_problem(mark)) if problem]


@contextmanager
def _marked(settings: Settings) -> Iterator[Mark]:
    name = f".reach-{uuid4().hex}"
    mark = Mark(socket.gethostname(), PREFECT_API_URL.value() or "", settings.store_url, settings.home, name)
    if settings.store_url:
        remote = Remote(settings.store_url)
        remote.write(name, name.encode())
        try:
            yield mark
        finally:
            remote.delete(name)
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    file = settings.home / name
    file.write_text(name)
    try:
        yield mark
    finally:
        file.unlink(missing_ok=True)


def _api_problem(mark: Mark) -> str:
    remedy = "start a server that workers reach and set PREFECT_API_URL to its address"
    if _is_loopback(mark.api) and mark.host != socket.gethostname():
        return f"PREFECT_API_URL={mark.api} is reached from {mark.host} alone; {remedy}"
    try:
        if httpx.get(f"{mark.api}/health", timeout=_ANSWER_SECONDS).json() is True:
            return ""
    except (httpx.HTTPError, ValueError) as error:
        return f"no Prefect API answers at PREFECT_API_URL={mark.api} ({error}); {remedy}"
    return f"what answers at PREFECT_API_URL={mark.api} is no Prefect API; {remedy}"


def _store_problem(mark: Mark) -> str:
    try:
        here = Settings.read()
        if here.store_url != mark.store_url:
            return (
                f"POCKETMOE_STORE_URL is {here.store_url or 'unset'} there and "
                f"{mark.store_url or 'unset'} on {mark.host}; set both alike"
            )
        if mark.store_url:
            seen = Remote(mark.store_url).read(mark.name) is not None
            return "" if seen else f"{mark.store_url} is not the store that {mark.host} writes to"
        return _folder_problem(here.home, mark)
    except PipelineError as error:
        return str(error)


def _folder_problem(home: Path, mark: Mark) -> str:
    remedy = "share one folder and set POCKETMOE_ARTIFACTS to it, or set POCKETMOE_STORE_URL"
    if not (home / mark.name).is_file():
        return f"the artifacts in {home} are not those in {mark.home} of {mark.host}; {remedy}"
    written = home / f"{mark.name}-{uuid4().hex}"
    try:
        written.touch()
        written.unlink()
    except OSError as error:
        return f"{home} cannot be written to ({error.strerror}); {remedy}"
    return ""


def _is_loopback(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _named(workers: list[str]) -> str:
    shown = ", ".join(workers[:_SHOWN_WORKERS])
    more = len(workers) - _SHOWN_WORKERS
    return f"{shown} and {more} more" if more > 0 else shown
