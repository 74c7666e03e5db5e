"""What orchestration costs: the command line's start, plans of 100 domains, and runs that build nothing.

Writes `results/orchestration.json` and a table of README. Run with `make bench`; it builds
the smoke configuration once and starts a Prefect server of its own.
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.cached import SMOKE, config_of, remember_all
from benchmarks.machine import save
from benchmarks.readme import update_readme
from flows.config import load_config
from flows.plan import plan
from flows.report.html import read_report
from flows.server.local import prefect_api, prepare_environment
from flows.server.ownership import HOST
from tasks.kernel.settings import PROJECT, Settings

HOME = PROJECT / "artifacts" / "bench-orchestration"
_TIMES = 5
_PLANNED, _SMALL, _LARGE = 100, 6, 40
"""Domains of the configurations that are planned and run; each has six stages, and five more serve all."""


def main() -> None:
    """Measure, and write the results."""
    settings = Settings(artifacts=HOME, prefect_port=_free_port())
    prepare_environment(settings)
    figures: dict[str, object] = {
        "help_seconds": _median_seconds(settings, "--help"),
        "plan_seconds": _median_seconds(settings, "plan", str(SMOKE)),
    }
    with prefect_api(settings) as api:
        _seconds(settings, "run", str(SMOKE), api=api)
        model = (settings.runs / "latest").resolve()
        figures |= _plans(settings, model)
        figures |= _runs(settings, model, api)
    save("orchestration", figures)
    update_readme()


def _plans(settings: Settings, model: Path) -> dict[str, object]:
    config = config_of(_PLANNED, settings.home / "configs")
    nowhere = settings.model_copy(update={"artifacts": settings.home / "nothing"})
    never_built = _plan_seconds(config, nowhere, "miss")
    remember_all(config, model, settings)
    return {
        "plan_domains": _PLANNED,
        "plan_never_built_seconds": never_built,
        "plan_all_hit_seconds": _plan_seconds(config, settings, "hit"),
    }


def _plan_seconds(path: Path, settings: Settings, status: str) -> float:
    """Time reading and planning of one configuration, every stage of which must come out alike."""
    start = time.monotonic()
    rows = plan(load_config([path]), settings)
    seconds = time.monotonic() - start
    if {row.status for row in rows} != {status}:
        raise AssertionError(f"{path.name}: not every stage is a {status}")
    return seconds


def _runs(settings: Settings, model: Path, api: str) -> dict[str, object]:
    small, large = (config_of(domains, settings.home / "configs") for domains in (_SMALL, _LARGE))
    few, many = (remember_all(path, model, settings) for path in (small, large))
    first = _seconds(settings, "run", str(small), api=api)
    again = [_seconds(settings, "run", str(small), api=api) for _ in range(_TIMES)]
    _seconds(settings, "run", str(large), api=api)
    whole = [_seconds(settings, "run", str(large), api=api) for _ in range(_TIMES)]
    report = read_report(settings.runs / "latest" / "report.json")
    if any(row.status != "cached" for row in report.stages):
        raise AssertionError("a stage was built that should have been cached")
    return {
        "few_stages": few,
        "few_first_seconds": first,
        "few_seconds": median(again),
        "many_stages": many,
        "many_seconds": median(whole),
        "many_stage_milliseconds": 1000 * report.seconds / many,
        "further_stage_milliseconds": 1000 * (median(whole) - median(again)) / (many - few),
    }


def _median_seconds(settings: Settings, *arguments: str) -> float:
    return median(_seconds(settings, *arguments) for _ in range(_TIMES))


def _seconds(settings: Settings, *arguments: str, api: str = "") -> float:
    """Time one command as a shell sees it."""
    places = {"POCKETMOE_ARTIFACTS": str(settings.home), **({"PREFECT_API_URL": api} if api else {})}
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        cwd=PROJECT,
        env={**os.environ, **places},
        check=True,
        capture_output=True,
    )
    return time.monotonic() - start


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
