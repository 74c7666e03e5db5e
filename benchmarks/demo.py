"""The demo's own seconds and memory by stage: a cold run from installed environments, then a warm one.

Writes `results/demo.json` and the tables of README. Run with `make bench`.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import save
from benchmarks.readme import update_readme
from flows.report.html import read_report
from tasks.kernel.settings import PROJECT

_LEFT_OUT: dict[str, object] = {"config": True, "stages": True, "domains": {"__all__": {"files"}}}
"""Paths of the machine that measured, and what stands elsewhere in the result file."""
CONFIG = PROJECT / "configs" / "demo.yaml"


def main() -> None:
    """Measure, and write the results."""
    home = PROJECT / "artifacts" / "bench"
    shutil.rmtree(home, ignore_errors=True)
    cold = _run(home)
    report = read_report(home / "runs" / "latest" / "report.json")
    warm = _run(home)
    again = read_report(home / "runs" / "latest" / "report.json")
    stages = [
        row.model_dump(include={"stage", "domain", "seconds", "peak_memory_bytes"}) for row in report.stages
    ]
    save(
        "demo",
        {
            "cold_seconds": cold,
            "warm_seconds": warm,
            "warm_built": sum(row.status == "built" for row in again.stages),
            "peak_memory_bytes": report.peak_memory_bytes,
            "stages": stages,
            "report": json.loads(report.model_dump_json(by_alias=True, exclude=_LEFT_OUT)),
        },
    )
    update_readme()


def _run(home: Path) -> float:
    start = time.monotonic()
    command = [sys.executable, "-m", "flows.cli", "run", str(CONFIG)]
    subprocess.run(command, cwd=PROJECT, env={**os.environ, "POCKETMOE_ARTIFACTS": str(home)}, check=True)
    return time.monotonic() - start


if __name__ == "__main__":
    main()
