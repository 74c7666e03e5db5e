"""A Prefect API on loopback for the time of a run: the running one, or one started for it.

In: settings. Out: `PREFECT_API_URL` set while the block runs. A server that was started here
is ended only after it has stored the state of every task run.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from tasks.kernel.errors import ServiceError
from tasks.kernel.execution.guard import guarded
from tasks.kernel.execution.locks import exclusive, held
from tasks.kernel.settings import Settings

HOST = "127.0.0.1"
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
    home.mkdir(parents=True, exist_ok=True)
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


@contextmanager
def prefect_api(settings: Settings) -> Iterator[str]:
    """Give the address of a working Prefect API.

    Raises ServiceError where the port is taken by something else, the server does not start, or the
    API is lost while the block runs.
    """
    from prefect.settings import PREFECT_API_URL, temporary_settings

    configured = os.environ.get("PREFECT_API_URL")
    url = configured or f"http://{HOST}:{settings.prefect_port}/api"
    with temporary_settings({PREFECT_API_URL: url}), _told_when_lost(url):
        if configured and not _healthy(url):
            raise ServiceError(
                f"PREFECT_API_URL={url}: no Prefect API answers; start it or unset the variable"
            )
        if configured:
            yield url
        else:
            with _common_server(url, settings):
                yield url


@contextmanager
def _told_when_lost(url: str) -> Iterator[None]:
    import httpx

    try:
        yield
    except httpx.TransportError as error:
        raise ServiceError(
            f"{url}: the Prefect API no longer answers; what is built is kept: run again to go on"
        ) from error


@contextmanager
def _common_server(url: str, settings: Settings) -> Iterator[None]:
    """Use the server at `url`, or start it and keep it for as long as another run uses it."""
    name = f"prefect-{settings.prefect_port}"
    with ExitStack() as stay:
        with exclusive(settings.locks, name, _nothing):
            if _healthy(url):
                stay.enter_context(exclusive(settings.locks, f"{name}-{os.getpid()}", _nothing))
                server = None
            else:
                server = started(settings)
        began = datetime.now(UTC)
        try:
            yield
        finally:
            if server is not None:
                _end(server, url, began, settings, name)


def started(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a Prefect server on the settings' port; raise ServiceError where it does not come up."""
    refuse_busy_port(settings.prefect_port, "POCKETMOE_PREFECT_PORT")
    with ExitStack() as undo:
        server = start_prefect(settings)
        undo.callback(stop, server)
        _await(f"http://{HOST}:{settings.prefect_port}/api", server, settings)
        undo.pop_all()
    return server


def _end(server: subprocess.Popen[bytes], url: str, began: datetime, settings: Settings, name: str) -> None:
    """Stop the server once it has stored everything and nobody uses it any more."""
    try:
        _drain(url, began)
        while server.poll() is None:
            with exclusive(settings.locks, name, _nothing):
                if not _guests(settings, name):
                    return
            time.sleep(_POLL_SECONDS)
    finally:
        stop(server)


def _guests(settings: Settings, name: str) -> bool:
    return any(held(settings.locks, path.stem) for path in settings.locks.glob(f"{name}-*.lock"))


def _nothing() -> None:
    """Wait without a word: it takes seconds."""


def start_prefect(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a Prefect server on loopback; its log is `prefect/server.log` below the artifacts."""
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST]
    command += ["--port", str(settings.prefect_port)]
    # Its pages ask port 4200 otherwise, whichever port they came from.
    pages = {"PREFECT_UI_API_URL": f"http://{HOST}:{settings.prefect_port}/api"}
    return start(command, settings.home / "prefect" / "server.log", pages)


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


def refuse_busy_port(port: int, variable: str) -> None:
    """Raise ServiceError where something listens on the port already."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ServiceError(
                f"{HOST}:{port}: another program uses this port; end it, or set {variable} to a free one"
            )


def _healthy(url: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{url}/health", timeout=2).json() is True
    except (httpx.HTTPError, ValueError):
        return False


def _await(url: str, server: subprocess.Popen[bytes], settings: Settings) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _healthy(url):
        if server.poll() is not None or time.monotonic() > deadline:
            log = settings.home / "prefect" / "server.log"
            raise ServiceError(f"the Prefect server did not start; its log is {log}; try `pocketmoe doctor`")
        time.sleep(_POLL_SECONDS)


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
