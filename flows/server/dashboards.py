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
from flows.server.ownership import HOST, Service, busy, free_port, is_own, note, own_api, shows
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


Begin = Callable[[Settings, int], Dashboard]


def serve_dashboards(settings: Settings, console: Console) -> None:
    """Serve Prefect and MLflow until Ctrl-C or SIGTERM, on the settings' ports or the next free ones.

    Raises ServiceError where the folder is served already, or a server does not start or ends by itself.
    """
    with _until_asked_to_end(), ExitStack() as running:
        with exclusive(settings.locks, "prefect", lambda: console.print("waiting for a server that starts")):
            _refuse_served(settings)
            console.print("starting both dashboards ...")
            wanted = {_prefect: settings.prefect_port, _mlflow: settings.mlflow_port}
            dashboards = [_started(begin, settings, port, running) for begin, port in wanted.items()]
            _await(dashboards, settings, running)
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


def _started(begin: Begin, settings: Settings, port: int, running: ExitStack) -> Dashboard:
    dashboard = begin(settings, free_port(port))
    running.callback(stop, dashboard.process)
    return dashboard


def _prefect(settings: Settings, port: int) -> Dashboard:
    wanted = settings.prefect_port
    log = settings.home / "prefect" / "server.log"
    process = start_prefect(settings, port)
    return Dashboard("Prefect", "prefect", port, wanted, lambda: is_own(api_at(port), settings), log, process)


def _mlflow(settings: Settings, port: int) -> Dashboard:
    from tasks.kernel.tracking.tracker import Tracker, database_uri

    # Made here where there is none: a server that shows another one's is a stranger.
    own = Tracker(settings.home, database_uri(settings.home)).experiment
    wanted = settings.mlflow_port
    log = settings.home / "mlflow" / "server.log"
    # Its job runner serves features that are not used here, and outlives the server.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    process = start(mlflow_command(settings, port), log)
    url = f"http://{HOST}:{port}"
    return Dashboard("MLflow", "mlflow", port, wanted, lambda: shows(url, own), log, process)


def mlflow_command(settings: Settings, number: int) -> list[str]:
    """Return the command that serves the tracking database."""
    from tasks.kernel.tracking.tracker import database_uri

    port = str(number)
    # It answers 403 to other names in the address bar: a page on the internet could point one here.
    names = os.environ.get("MLFLOW_SERVER_ALLOWED_HOSTS", f"{HOST}:{port},localhost:{port}")
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", port, "--workers", "1"),
        *("--backend-store-uri", database_uri(settings.home)),
        *("--artifacts-destination", (settings.home / "mlflow" / "files").as_uri()),
        *("--allowed-hosts", names),
    ]


def _await(dashboards: list[Dashboard], settings: Settings, running: ExitStack) -> None:
    """Wait until all answer; one whose port was taken meanwhile is started on the next free one."""
    deadline = time.monotonic() + _START_SECONDS
    waiting = list(dashboards)
    while waiting:
        for at, one in enumerate(dashboards):
            if one.process.poll() is not None and busy(one.port) and time.monotonic() < deadline:
                begin = _prefect if one.service == "prefect" else _mlflow
                dashboards[at] = _started(begin, settings, one.port + 1, running)
        _refuse_dead(dashboards)
        waiting = [one for one in dashboards if not one.ready() or one.process.poll() is not None]
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
