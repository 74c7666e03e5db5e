"""The command line over one folder of artifacts, watched and disturbed from outside.

In: a folder, and a Prefect API or none. Out: runs in processes of their own, what they printed,
what they built, and what they left behind.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from flows.store.gc import find_garbage, remove
from tasks.kernel.settings import PROJECT, Settings

HERE = Path(__file__).parent
TWO, ONE = HERE / "faults.yaml", HERE / "one-domain.yaml"
PATIENCE = 900.0
"""Seconds after which a run counts as hanging; an undisturbed one takes a tenth of that."""

_MEASURED = re.compile(r"latency|seconds|memory|per_second|first_token")
"""Fields of an evaluation that hold times and memory: no two runs agree on them."""


@dataclass(frozen=True)
class Home:
    """One artifacts folder and the API that its runs use."""

    path: Path
    port: int
    api: str = ""
    """A running Prefect API; empty: each run starts its own."""

    def start(self, *arguments: str | Path, **variables: str) -> "Run":
        """Start `pocketmoe` in a session of its own."""
        self.path.mkdir(parents=True, exist_ok=True)
        places = {"POCKETMOE_ARTIFACTS": str(self.path), "POCKETMOE_PREFECT_PORT": str(self.port)}
        places |= {"PREFECT_API_URL": self.api} if self.api else {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        log = self.path.parent / f"output-{time.monotonic_ns()}.txt"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", *map(str, arguments)],
                cwd=PROJECT,
                env={**kept, **places, **variables},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Run(process, log)

    def run(self, *configs: Path, **variables: str) -> "Run":
        """Run the pipeline to its end."""
        return self.start("run", *configs, **variables).ended()

    def finish(self, *configs: Path) -> None:
        """Go on with the newest run, as its user would, until it is completed."""
        newest = self.newest()
        run = self.start("retry", newest.name, "--yes") if newest else self.start("run", *configs)
        assert run.ended().code == 0, run.text()

    def newest(self) -> Path | None:
        """Return the folder of the run that was begun last."""
        begun = [path.parent for path in (self.path / "runs").glob("*-*/run.json")]
        return max(begun, key=lambda folder: (folder / "run.json").stat().st_mtime, default=None)

    def forget(self, *labels: str) -> None:
        """Lose records and bytes of these stages, as if they had never been built."""
        for label in labels:
            row = self.rows()[label]
            (self.path / "cache" / f"{row['key']}.json").unlink()
            for folder in (self.path / "store").glob(f"*/{row['digest']}"):
                shutil.rmtree(folder)

    def report(self) -> dict[str, object]:
        """Return the newest report."""
        return json.loads((self.path / "runs" / "latest" / "report.json").read_text())

    def rows(self) -> dict[str, dict[str, str]]:
        """Return the newest report's rows by `stage:domain`."""
        return {f"{row['stage']}:{row['domain']}".rstrip(":"): row for row in self.report()["stages"]}

    def built(self) -> set[str]:
        """Return what the newest run built."""
        return {label for label, row in self.rows().items() if row["status"] == "built"}

    def references(self) -> dict[str, dict[str, str]]:
        """Return kind and digest of each artifact of the newest finished run."""
        parts = json.loads((self.path / "runs" / "latest" / "artifacts.json").read_text())
        return {name: part for name, part in parts.items() if name != "base_model"}

    def folder(self, part: dict[str, str]) -> Path:
        """Return the artifact's folder in the store."""
        return self.path / "store" / part["kind"].lower() / part["digest"]

    def results(self) -> dict[str, object]:
        """Return the digest of each artifact; of the evaluation all that is no measured time or memory."""
        parts = self.references()
        evaluation = self.folder(parts.pop("evaluation")) / "data"
        return {
            **{name: part["digest"] for name, part in parts.items()},
            "evaluation": _unmeasured(json.loads((evaluation / "evaluation.json").read_text())),
            "answers": (evaluation / "answers.jsonl").read_text(),
        }

    def leftovers(self) -> list[str]:
        """Return what a disturbed run left behind and `pocketmoe gc` does not remove."""
        settings = Settings(artifacts=self.path)
        remove(find_garbage(settings, 30, ()))
        alive = [f"process {process.pid}: {_command(process)}" for process in self.processes()]
        files = [
            *(self.path / "store" / ".staging").glob("*"),
            *(self.path / "store" / ".damaged").glob("*"),
            *(self.path / "cache").rglob(".*.partial"),
            *(path for path in settings.scratch.glob("*") if (settings.cache / f"{path.name}.json").exists()),
            *(path for path in settings.locks.glob("*.lock") if _held(path)),
        ]
        return alive + [str(path) for path in files]

    def processes(self) -> list[psutil.Process]:
        """Return the living processes of this folder's runs."""
        found = psutil.process_iter()
        return [process for process in found if str(self.path) in _places(process)]


@dataclass(frozen=True)
class Run:
    """A run that goes on, or has ended."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def code(self) -> int:
        """Return the exit code of a run that has ended."""
        assert self.process.returncode is not None
        return self.process.returncode

    def text(self) -> str:
        """Return what it has printed."""
        return self.log.read_text(errors="replace")

    def ended(self) -> "Run":
        """Wait for its end; a run that hangs is ended and fails the test."""
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it hung:\n{self.text()}") from None
        return self

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def until(self, condition: Callable[[], object]) -> bool:
        """Wait until the condition holds or the run has ended; tell whether it holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain:\n{self.text()}"
            if self.process.poll() is not None:
                return bool(condition())
            time.sleep(0.05)
        return True

    def says(self, pattern: str) -> bool:
        """Tell whether it has printed a line that the pattern matches."""
        return re.search(pattern, self.text(), re.MULTILINE) is not None

    def child(self) -> psutil.Process | None:
        """Return a stage's process, if one is running."""
        return self._descendant("tasks.kernel.execution.worker")

    def server(self) -> psutil.Process | None:
        """Return the Prefect server that the run started, if it is running."""
        return self._descendant("prefect")

    def _descendant(self, module: str) -> psutil.Process | None:
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return None
        return next((one for one in family if _command(one)[1:3] == ["-m", module]), None)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _places(process: psutil.Process) -> str:
    try:
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return "" if zombie else process.environ().get("POCKETMOE_ARTIFACTS", "")
    except psutil.Error:
        return ""


def _held(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def _unmeasured(value: object) -> object:
    if isinstance(value, dict):
        return {name: _unmeasured(item) for name, item in value.items() if not _MEASURED.search(name)}
    return [_unmeasured(item) for item in value] if isinstance(value, list) else value
