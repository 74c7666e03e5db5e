"""Runs of the deployment, asked of the split server and carried out by its worker.

In: a running stack. Out: how a run ended, what its report says, and which leases Redis held meanwhile.
"""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import redis
from native import Stack

_ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
_RUN_SECONDS = 1200.0


@dataclass
class Retrain:
    """The deployed full retrain."""

    stack: Stack
    run_ids: list[str] = field(default_factory=list)
    leases: set[bytes] = field(default_factory=set)
    """Keys of the concurrency leases that Redis held while the worker was at it."""

    @property
    def home(self) -> Path:
        """Return the worker's local artifacts folder."""
        return Path(self.stack.environment("worker")["POCKETMOE_ARTIFACTS"])

    def run(self) -> None:
        """Run the deployment to its end."""
        deployment = self.api("GET", "/deployments/name/pocketmoe/full-retrain")
        self.run_ids.append(self.api("POST", f"/deployments/{deployment['id']}/create_flow_run", {})["id"])
        broker = redis.Redis(self.stack.addresses["redis"], password=self.stack.values["REDIS_PASSWORD"])
        deadline = time.monotonic() + _RUN_SECONDS
        while self.state()["type"] not in _ENDED and time.monotonic() < deadline:
            self.leases |= set(broker.scan_iter("prefect:concurrency:lease:*"))
            time.sleep(1)

    def state(self) -> dict[str, Any]:
        """Return the state of the newest run."""
        return self.api("GET", f"/flow_runs/{self.run_ids[-1]}")["state"]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what the server has stored of one kind of event."""
        body = {"filter": {"event": {"name": [name]}}}
        return self.api("POST", "/events/filter", body)["events"]

    def stages(self) -> dict[str, str]:
        """Return what became of each stage of the newest run, by `stage:domain`."""
        report = json.loads((self.home / "runs" / "latest" / "report.json").read_text())
        return {f"{row['stage']}:{row['domain']}".rstrip(":"): row["status"] for row in report["stages"]}

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the split server."""
        url = self.stack.environment("worker")["PREFECT_API_URL"]
        answer = httpx.request(method, url + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()
