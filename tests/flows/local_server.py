"""A Prefect server of the test's own, and what a test asks it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from smoke_pipeline import free_port

from flows.server.local import start_prefect, stop
from tasks.kernel.settings import PROJECT, Settings


@dataclass(frozen=True)
class Server:
    """A running Prefect API, with the artifacts folder of its runs."""

    api: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that processes need to use this server."""
        own = {"PREFECT_API_URL": self.api, "PREFECT_HOME": str(self.home / "prefect")}
        own |= {"POCKETMOE_ARTIFACTS": str(self.home), "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
        return {**os.environ, **own}

    def call(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m ...` to its end."""
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=PROJECT,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Start `python ...` in the background."""
        return subprocess.Popen(
            [sys.executable, *map(str, arguments)], cwd=PROJECT, env=self.environment, start_new_session=True
        )

    @contextmanager
    def configured(self) -> Iterator[None]:
        """Let Prefect's client in this process use the server."""
        from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: TID251  # as its users do

        with temporary_settings({PREFECT_API_URL: self.api}):
            yield

    def ask(self, path: str, body: object = None, method: str = "POST") -> object:
        """Ask the API."""
        answer = httpx.request(method, f"{self.api}/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def runs(self) -> list[dict[str, object]]:
        """Return the flow runs, first to last."""
        return self.ask("flow_runs/filter", {"sort": "START_TIME_ASC"})

    def state(self, name: str) -> str:
        """Return the state of the flow run with this name; empty while there is none."""
        return next((run["state_name"] for run in self.runs() if run["name"] == name), "")

    def until(self, name: str, *states: str, seconds: float = 90) -> str:
        """Wait until the flow run with this name is in one of the states, and return it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (state := self.state(name)) in states:
                return state
            time.sleep(0.5)
        raise TimeoutError(f"{name} is {self.state(name)!r} instead of {states}")


@contextmanager
def local_server(home: Path) -> Iterator[Server]:
    """Serve Prefect from a folder of its own while the block runs."""
    port = free_port()
    before = os.environ.get("PREFECT_HOME")
    os.environ["PREFECT_HOME"] = str(home / "prefect")
    process = start_prefect(Settings(artifacts=home), port)
    os.environ.pop("PREFECT_HOME") if before is None else os.environ.update(PREFECT_HOME=before)
    server = Server(f"http://127.0.0.1:{port}/api", home)
    try:
        _await(server.api)
        yield server
    finally:
        stop(process)


def _await(api: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{api}/health", timeout=2).json() is True:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(api)
