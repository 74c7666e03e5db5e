"""How long healing takes by itself, on all cores of the machine: in a run other stages share them.

In: finished runs. Out: seconds of the base and of the slowest expert, each healed once more in a process of
its own. `python -m benchmarks.edge_heal RUN...` adds them to `results/edge.json`, as `benchmarks.edge` does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.edge_runs import MeasuredRun, measured_runs
from benchmarks.machine import RESULTS, save
from benchmarks.readme import update_readme
from tasks.heal import run as base_healing
from tasks.heal import settle
from tasks.heal.config import HealConfig, of_base, of_expert
from tasks.kernel.errors import ConfigError
from tasks.kernel.workspace import Workspace, silent
from tasks.models.int4 import Int4

BASE = "base"


def main() -> None:
    """Measure both, and add them to the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--here", help=f"heal this domain's expert (or `{BASE}`) here, print seconds")
    asked = parser.parse_args()
    if asked.here:
        sys.stdout.write(json.dumps(_heal(measured_runs(asked.runs)[0], asked.here)) + "\n")
        return
    path = RESULTS / "edge.json"
    save("edge", {**json.loads(path.read_text(encoding="utf-8")), **heal_seconds(measured_runs(asked.runs))})
    update_readme()


def heal_seconds(runs: list[MeasuredRun]) -> dict[str, float]:
    """Return the seconds of base and slowest expert alone, and those of the stages in their runs."""
    run, domain = max(((run, domain) for run in runs for domain in run.domains), key=_examples)
    return {
        "heal_seconds": _alone(run, domain),
        "heal_base_seconds": _alone(runs[0], BASE),
        "heal_stage_seconds": max(run.longest("heal", domains=True)[0] for run in runs),
        "heal_base_stage_seconds": runs[0].longest("heal", domains=False)[0],
    }


def _examples(place: tuple[MeasuredRun, str]) -> int:
    run, domain = place
    return sum(1 for _ in (run.parts.part(f"qa/{domain}") / "train.jsonl").open(encoding="utf-8"))


def _alone(run: MeasuredRun, what: str) -> float:
    command = [sys.executable, "-m", "benchmarks.edge_heal", str(run.parts.folder), "--here", what]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def _heal(run: MeasuredRun, what: str) -> float:
    config = HealConfig.model_validate(run.report.config["heal"])
    grid = run.convert()["quantization"]
    if not isinstance(grid, dict) or grid.get("kind") != "int4":
        raise ConfigError(f"{run.parts.folder}: `convert.quantization` is no grid of its own")
    stored = Int4.model_validate(grid)
    with tempfile.TemporaryDirectory() as scratch:
        work = Workspace(Path(scratch, "out"), Path(scratch), silent)
        work.out.mkdir()
        start = time.monotonic()
        if what == BASE:
            inputs = {"base": run.parts.base_model.folder(), **config.text.files()}
            base_healing.run(inputs, of_base(config, stored), work)
        else:
            parts = run.parts
            inputs = {"expert": parts.part(f"merged/{what}"), "qa": parts.part(f"qa/{what}")}
            settle.run(inputs, of_expert(config, stored), work)
        return time.monotonic() - start


if __name__ == "__main__":
    main()
