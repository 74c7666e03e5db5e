"""Both dashboards on loopback, until the user has seen enough.

In: settings. Out: a Prefect and an MLflow server that answer, their addresses on the
console and noted in the artifacts folder, and no process left behind, whichever way it ends.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console

from flows.server.local import api_at, start, start_prefect, stop
from flows.server.ownership import HOST, Service, free_port, is_own, note, own_api
from tasks.kernel.errors import ServiceError
from tasks.kernel.execution.locks import exclusive
from tasks.kernel.settings import Settings

_START_SECONDS = 180.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Dashboard:
    """A server that shows runs."""

    name: str
    service: Service
    port: int
    wanted: int
    """The port that it would have had, were it free."""
    ready: Callable[[], bool]
    """Tells whether it answers, as this folder's own."""
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def line(self) -> str:
        """Return its address, and why the port is another than usual."""
        taken = "" if self.port == self.wanted else f" ({self.wanted} is taken)"
        return f"{self.name:<8} http://{HOST}:{self.port}{taken}"


def serve_dashboards(settings: Settings, console: Console) -> None:
    """Serve Prefect and MLflow until Ctrl-C or SIGTERM, on the settings' ports or the next free ones.

    Raises ServiceError where the folder is served already, or a server does not start or ends by itself.
    """
    with _until_asked_to_end(), ExitStack() as running:
        with exclusive(settings.locks, "prefect", lambda: console.print("waiting for a server that starts")):
            _refuse_served(settings)
            console.print("starting both dashboards ...")
            dashboards = [_started(begin, settings, running) for begin in (_prefect, _mlflow)]
            _await(dashboards)
            for dashboard in dashboards:
                note(settings, dashboard.service, dashboard.port)
        for dashboard in dashboards:
            console.print(dashboard.line, highlight=False, soft_wrap=True)
        console.print("Ctrl-C ends both")
        while True:
            _refuse_dead(dashboards)
            time.sleep(_POLL_SECONDS)


def _refuse_served(settings: Settings) -> None:
    if url := own_api(settings):
        raise ServiceError(
            f"{settings.home}: its Prefect is served at {url.removesuffix('/api')} already, by `pocketmoe up`"
            " or by a run that goes on; open that, or end it first"
        )


def answers(url: str) -> bool:
    """Tell whether `url` answers with success within two seconds."""
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


def _started(begin: Callable[[Settings], Dashboard], settings: Settings, running: ExitStack) -> Dashboard:
    dashboard = begin(settings)
    running.callback(stop, dashboard.process)
    return dashboard


def _prefect(settings: Settings) -> Dashboard:
    wanted, port = settings.prefect_port, free_port(settings.prefect_port)
    log = settings.home / "prefect" / "server.log"
    process = start_prefect(settings, port)
    return Dashboard("Prefect", "prefect", port, wanted, lambda: is_own(api_at(port), settings), log, process)


def _mlflow(settings: Settings) -> Dashboard:
    wanted, port = settings.mlflow_port, free_port(settings.mlflow_port)
    log = settings.home / "mlflow" / "server.log"
    # Its job runner serves features that are not used here, and outlives the server.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    process = start(mlflow_command(settings, port), log)
    health = f"http://{HOST}:{port}/health"
    return Dashboard("MLflow", "mlflow", port, wanted, lambda: answers(health), log, process)


def mlflow_command(settings: Settings, number: int) -> list[str]:
    """Return the command that serves the tracking database, which is made first where there is none."""
    from tasks.kernel.tracking.tracker import Tracker, database_uri

    Tracker(settings.home, database_uri(settings.home))
    port = str(number)
    # It answers 403 to other names in the address bar: a page on the internet could point one here.
    names = os.environ.get("MLFLOW_SERVER_ALLOWED_HOSTS", f"{HOST}:{port},localhost:{port}")
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", port, "--workers", "1"),
        *("--backend-store-uri", database_uri(settings.home)),
        *("--artifacts-destination", (settings.home / "mlflow" / "files").as_uri()),
        *("--allowed-hosts", names),
    ]


def _await(dashboards: Sequence[Dashboard]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    waiting = list(dashboards)
    while waiting:
        _refuse_dead(dashboards)
        waiting = [dashboard for dashboard in waiting if not dashboard.ready()]
        if waiting and time.monotonic() > deadline:
            raise ServiceError(
                f"{waiting[0].name} does not answer after {_START_SECONDS:.0f} s;"
                f" its log is {waiting[0].log}; try `pocketmoe doctor`"
            )
        time.sleep(_POLL_SECONDS)


def _refuse_dead(dashboards: Sequence[Dashboard]) -> None:
    for dashboard in dashboards:
        if (code := dashboard.process.poll()) is not None:
            raise ServiceError(
                f"{dashboard.name} has ended with exit code {code}; its log is {dashboard.log};"
                " try `pocketmoe doctor`"
            )


@contextmanager
def _until_asked_to_end() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block, which cleans up after itself."""

    def end(_signum: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
