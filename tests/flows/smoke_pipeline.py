"""The command line over one folder of artifacts, as a user calls it: for the flow tests."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tasks.kernel.settings import PROJECT

SMOKE = PROJECT / "configs" / "smoke.yaml"


@dataclass(frozen=True)
class Pipeline:
    """The command line over one artifacts folder."""

    home: Path
    port: int
    api: str = ""
    """A running Prefect API; empty: each run starts its own."""

    def call(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `pocketmoe` in a process of its own."""
        places = {"POCKETMOE_ARTIFACTS": str(self.home), "POCKETMOE_PREFECT_PORT": str(self.port)}
        places |= {"PREFECT_API_URL": self.api} if self.api else {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        command = [sys.executable, "-m", "flows.cli", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=PROJECT,
            env={**kept, **places, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *configs: Path) -> dict[str, str]:
        """Run the pipeline and return what became of each stage, by label."""
        done = self.call("run", *configs)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.stages()

    def report(self) -> dict[str, object]:
        """Return the newest report."""
        return json.loads((self.home / "runs" / "latest" / "report.json").read_text())

    def artifact(self, name: str) -> Path:
        """Return the files of one of the newest run's artifacts."""
        part = json.loads((self.home / "runs" / "latest" / "artifacts.json").read_text())[name]
        return self.home / "store" / part["kind"].lower() / part["digest"] / "data"

    def stages(self) -> dict[str, str]:
        """Return the newest run's status by `stage:domain`."""
        rows = self.report()["stages"]
        return {f"{row['stage']}:{row['domain']}".rstrip(":"): row["status"] for row in rows}

    def plan(self, *configs: Path) -> dict[str, dict[str, str]]:
        """Return the plan's rows by label."""
        done = self.call("plan", "--json", *configs)
        assert done.returncode == 0, done.stderr
        return {f"{row['stage']}:{row['domain']}".rstrip(":"): row for row in json.loads(done.stdout)}


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
