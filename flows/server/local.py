"""A Prefect API on loopback for the time of a run: the running one, or one started for it.

In: settings. Out: `PREFECT_API_URL` set while the block runs. A server that was started here
is ended only after it has stored the state of every task run.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from flows.server.ownership import HOST, busy, free_port, is_own, note, own_api, ownership
from flows.server.watch import told_when_lost
from tasks.kernel.errors import ServiceError
from tasks.kernel.execution.guard import guarded
from tasks.kernel.execution.locks import exclusive, held
from tasks.kernel.settings import Settings
from tasks.kernel.user_files import ARTIFACTS_MARK

_LOCK = "prefect"
_RETRIES = 3
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.25
_QUIET_SECONDS = 2.0
"""Task states reach the server within a second of their events."""


def prepare_environment(settings: Settings) -> None:
    """Keep Prefect's and MLflow's files below the artifacts folder, and both of them silent.

    Must be called before Prefect is imported: it reads these once.
    """
    home = Path(os.environ.setdefault("PREFECT_HOME", str(settings.home / "prefect")))
    with suppress(OSError):  # told by those who need it
        home.mkdir(parents=True, exist_ok=True)
        settings.home.mkdir(parents=True, exist_ok=True)
        (settings.home / ARTIFACTS_MARK).touch()
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    # A lost server must be told, and never be replaced by one of Prefect's own making.
    os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("MPLCONFIGDIR", str(settings.home / "matplotlib"))
    # The terminal shows progress and one clear error; Prefect's own lines go to the dashboard.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_INTERNAL_LEVEL", "CRITICAL")
    # Nor are lines that a lost server does not take: that it is lost is told once.
    logging.raiseExceptions = False


@contextmanager
def prefect_api(settings: Settings) -> Iterator[str]:
    """Give the address of a working Prefect API: the configured one, or the artifacts folder's own.

    Raises ServiceError where the server does not start, or the API is lost while the block runs.
    """
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    configured = os.environ.get("PREFECT_API_URL")
    with ExitStack() as stay:
        if configured and not _healthy(configured):
            raise ServiceError(
                f"PREFECT_API_URL={configured}: no Prefect API answers; start it or unset the variable"
            )
        url = configured or stay.enter_context(_common_server(settings))
        # Each call to a lost server is tried again for so long: on loopback there is no network to blame.
        patience = {} if configured else {PREFECT_CLIENT_MAX_RETRIES: _RETRIES}
        stay.enter_context(temporary_settings({PREFECT_API_URL: url, **patience}))
        stay.enter_context(told_when_lost(url))
        yield url


@contextmanager
def _common_server(settings: Settings) -> Iterator[str]:
    """Use the folder's server, or start it and keep it for as long as another run uses it."""
    with ExitStack() as stay:
        with exclusive(settings.locks, _LOCK, _nothing):
            server = None
            if url := own_api(settings):
                stay.enter_context(exclusive(settings.locks, f"{_LOCK}-{os.getpid()}", _nothing))
            else:
                url, server = started(settings)
        began = datetime.now(UTC)
        try:
            yield url
        finally:
            if server is not None:
                _end(server, url, began, settings)


class Server(NamedTuple):
    """A Prefect server that was started here."""

    api: str
    process: subprocess.Popen[bytes]


def started(settings: Settings) -> Server:
    """Start the folder's server on the settings' port or the next free one, and note where.

    Raises ServiceError where it does not come up.
    """
    port = free_port(settings.prefect_port)
    while True:
        with ExitStack() as undo:
            process = start_prefect(settings, port)
            undo.callback(stop, process)
            if _comes_up(port, process, settings):
                note(settings, "prefect", port)
                undo.pop_all()
                return Server(api_at(port), process)
        if not busy(port):
            log = settings.home / "prefect" / "server.log"
            raise ServiceError(f"the Prefect server did not start; its log is {log}; try `pocketmoe doctor`")
        port = free_port(port + 1)  # another program took it meanwhile


def api_at(port: int) -> str:
    """Return the address of a Prefect API on loopback."""
    return f"http://{HOST}:{port}/api"


def _end(server: subprocess.Popen[bytes], url: str, began: datetime, settings: Settings) -> None:
    """Stop the server once it has stored everything and nobody uses it any more."""
    try:
        _drain(url, began)
        while server.poll() is None:
            with exclusive(settings.locks, _LOCK, _nothing):
                if not _guests(settings):
                    stop(server)  # under the lock: no other run may begin to use it now
            time.sleep(_POLL_SECONDS)
    finally:
        stop(server)


def _guests(settings: Settings) -> bool:
    return any(held(settings.locks, path.stem) for path in settings.locks.glob(f"{_LOCK}-*.lock"))


def _nothing() -> None:
    """Wait without a word: it takes seconds."""


def start_prefect(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    """Start the folder's Prefect server on loopback; its log is `prefect/server.log` below the artifacts."""
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    # Its pages ask port 4200 otherwise, whichever port they came from.
    own = {"PREFECT_UI_API_URL": api_at(port), **ownership(settings)}
    return start(command, settings.home / "prefect" / "server.log", own)


def start(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a service with its output in `log`; it ends when this process does, however that ends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            guarded(command),
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(service: subprocess.Popen[bytes]) -> None:
    """End a service gently, then with all that it started for good."""
    service.terminate()
    with suppress(subprocess.TimeoutExpired):
        service.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(service.pid, signal.SIGKILL)
    service.wait()


def _healthy(url: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{url}/health", timeout=2).json() is True
    except (httpx.HTTPError, ValueError):
        return False


def _comes_up(port: int, process: subprocess.Popen[bytes], settings: Settings) -> bool:
    """Wait until the server answers as the folder's own; tell whether it does before it ends."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if is_own(api_at(port), settings):
            return process.poll() is None
        time.sleep(_POLL_SECONDS)
    return False


def _drain(url: str, began: datetime) -> None:
    """Wait until the server, which stores task states behind the run's back, has stored them all."""
    import httpx

    runs = {"flow_runs": {"start_time": {"after_": began.isoformat()}}}
    unfinished = {"task_runs": {"state": {"name": {"any_": ["Pending", "Running", "Scheduled"]}}}}
    deadline = time.monotonic() + _STOP_SECONDS
    seen, quiet_since = -1, time.monotonic()
    while time.monotonic() < deadline:
        try:
            total, waiting = (
                httpx.post(f"{url}/task_runs/count", json=body, timeout=10).json()
                for body in (runs, runs | unfinished)
            )
        except httpx.TransportError:
            return  # the server is gone, and what made the run end is to be told instead
        if waiting or total != seen:
            seen, quiet_since = total, time.monotonic()
        elif time.monotonic() - quiet_since > _QUIET_SECONDS:
            return
        time.sleep(_POLL_SECONDS)
