"""The runs that `benchmarks.edge` measures: finished ones, or the demo with two seeds.

In: folders of runs. Out: for each, its parts and its report; what cannot be compared is refused.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.report.html import read_report
from flows.report.schema import Report
from serving.runs import FinishedRun, open_run
from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import PROJECT, Settings

CONFIG = PROJECT / "configs" / "demo.yaml"
SEEDS = (42, 43)
"""Of training: documents, questions, router and the healed base are the same."""


@dataclass(frozen=True)
class MeasuredRun:
    """A run with what it told of itself."""

    parts: FinishedRun
    report: Report

    @property
    def domains(self) -> list[str]:
        """Return the domains that have a bundle."""
        return list(self.parts.domains("edge"))

    @property
    def seed(self) -> object:
        """Return the seed of training."""
        return self._section("finetune")["seed"]

    def convert(self) -> dict[str, object]:
        """Return the settings of conversion."""
        return self._section("convert")

    def longest(self, stage: str, *, domains: bool) -> tuple[float, int]:
        """Return seconds and bytes of memory, the greatest of a stage's rows with a domain or without."""
        rows = [row for row in self.report.stages if row.stage == stage and bool(row.domain) == domains]
        rows = [row for row in rows if row.domain in ("", *self.domains)]
        times, memory = zip(*((row.seconds or 0, row.peak_memory_bytes or 0) for row in rows), strict=True)
        return max(times), max(memory)

    @property
    def precision(self) -> object:
        """Return how the base's weights were rounded in training."""
        return self._section("finetune")["quantization"]

    def _section(self, name: str) -> dict[str, object]:
        found = self.report.config[name]
        if not isinstance(found, dict):
            raise ConfigError(f"{self.parts.folder}: report.json has no settings of {name}; run it again")
        return found


def measured_runs(folders: Sequence[Path]) -> list[MeasuredRun]:
    """Return the runs in `folders`, or those of the demo, which is then run with each seed.

    Raises ConfigError where experts were trained on rounded weights: they have no float reference.
    """
    runs = []
    for folder in folders or list(_demo()):
        # A run lies two folders below the artifacts.
        home = folder.resolve().parents[1]
        parts = open_run(folder, Settings(artifacts=home))
        run = MeasuredRun(parts, read_report(parts.folder / "report.json"))
        if run.precision != "none":
            raise ConfigError(
                f"{folder}: finetune.quantization is {run.precision!r}, so it has no float reference;"
                " use a run with `none`"
            )
        runs.append(run)
    return runs


def _demo() -> Iterator[Path]:
    home = PROJECT / "artifacts" / "bench"
    for seed in SEEDS:
        overlay = home / f"seed-{seed}.yaml"
        overlay.parent.mkdir(parents=True, exist_ok=True)
        form = "both" if seed == SEEDS[0] else "merged"
        overlay.write_text(f"finetune: {{seed: {seed}}}\nconvert: {{form: {form}}}\n")
        command = [sys.executable, "-m", "flows.cli", "run", str(CONFIG), str(overlay)]
        environment = {**os.environ, "POCKETMOE_ARTIFACTS": str(home)}
        subprocess.run(command, cwd=PROJECT, env=environment, check=True)
        yield (home / "runs" / "latest").resolve()
