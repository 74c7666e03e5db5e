"""What ships, beside what was trained: size, loss, speed, and how long it takes to make.

Writes `results/edge.json`. Run `python -m benchmarks.edge --run FOLDER --run FOLDER`: finished runs of one
configuration with two seeds; with none, the demo is run with both. The shared form is the first run's.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from benchmarks.edge_heal import heal_seconds
from benchmarks.edge_quality import Pairs, compare, held_out, pooled
from benchmarks.edge_runs import MeasuredRun, measured_runs
from benchmarks.edge_shared import (
    Shared,
    equal_answers,
    float_form,
    shared_form,
    switching,
    system_bytes,
)
from benchmarks.edge_speed import decode_speeds, plainly_run
from benchmarks.machine import save
from benchmarks.readme import update_readme
from tasks.kernel.settings import PROJECT
from tasks.models.edge_files import BUNDLE, ExpertFiles

LOG = logging.getLogger(__name__)
WORK = PROJECT / "artifacts" / "bench-edge"
CACHE = WORK / "packed"
ASKED = 4
"""Questions of each domain whose greedy answers are compared word by word."""


def main() -> None:
    """Measure, and write the results."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, action="append", default=[], dest="runs")
    runs = measured_runs(parser.parse_args().runs)
    LOG.info("shared form")
    shared = shared_form(runs[0], WORK)
    LOG.info("quality")
    quality, worst_loss = _quality(runs, shared)
    LOG.info("speed")
    speeds = {domain: _speed(runs[0], domain) for domain in runs[0].domains}
    LOG.info("sizes and switches")
    sizes = system_bytes(runs[0], shared, WORK)
    switches = switching(shared)
    LOG.info("healing alone")
    healing = heal_seconds(runs)
    LOG.info("answers of the float form")
    figures = {
        "bundle_bytes": max(_bundle(run, domain).stat().st_size for run in runs for domain in run.domains),
        "perplexity_loss": worst_loss,
        "decode_speedup": min(one["decode_speedup"] for one in speeds.values()),
        **_times(runs),
        **healing,
        **sizes,
        **switches,
        "quality": quality,
        "speed": speeds,
        "float_form": _equal(runs[0]),
        "plain_litert_lm_run": {domain: _plainly(runs[0], domain) for domain in runs[0].domains},
        "seeds": [run.seed for run in runs],
        "drawn_adapters": 10 - len(runs[0].domains),
    }
    save("edge", figures)
    update_readme()


def _quality(runs: Sequence[MeasuredRun], shared: Shared) -> tuple[dict[str, object], float]:
    """Return losses by domain and pooled, of bundles and of adapters apart; and the worst domain's."""
    found: dict[str, list[Pairs]] = {}
    apart, beside = [], []
    for run in runs:
        for domain in run.domains:
            forms = {"merged": ExpertFiles(_bundle(run, domain))}
            forms |= {"shared": shared.files(domain)} if run is runs[0] else {}
            merged, turns = run.parts.part(f"merged/{domain}"), held_out(run.parts, domain)[1]
            pairs = compare(forms, merged, turns, CACHE)
            found.setdefault(domain, []).append(pairs["merged"])
            if "shared" in pairs:
                apart.append(pairs["shared"])
                beside.append(Pairs(pairs["shared"].edge, pairs["merged"].edge))
    domains = {domain: pooled(pairs) for domain, pairs in found.items()}
    told = {
        "merged": pooled(list(domains.values())).told(),
        "domains": {domain: pairs.told() for domain, pairs in domains.items()},
        "shared": pooled(apart).told(),
        "shared_beside_merged": pooled(beside).told(),
    }
    return told, max(round(pairs.ratio().value, 5) for pairs in domains.values())


def _speed(run: MeasuredRun, domain: str) -> dict[str, float]:
    return decode_speeds(_bundle(run, domain), run.parts.part(f"merged/{domain}"))


def _times(runs: Sequence[MeasuredRun]) -> dict[str, float]:
    """Return what the stages took in these runs, where others ran beside them."""
    convert = [run.longest("convert", domains=True) for run in runs]
    figures: dict[str, float] = {
        "convert_seconds": max(seconds for seconds, _ in convert),
        "convert_peak_memory_bytes": max(memory for _, memory in convert),
    }
    if any(row.stage == "graph" and not row.domain for row in runs[0].report.stages):
        seconds, memory = runs[0].longest("graph", domains=False)
        figures |= {"trace_seconds": seconds, "trace_peak_memory_bytes": memory}
    return figures


def _equal(run: MeasuredRun) -> dict[str, dict[str, float]]:
    floating, found = float_form(run, WORK), {}
    for domain in run.domains:
        asked, turns = held_out(run.parts, domain)
        merged = run.parts.part(f"merged/{domain}")
        found[domain] = equal_answers(floating, domain, merged, asked[:ASKED], turns[:ASKED], CACHE)
    return found


def _plainly(run: MeasuredRun, domain: str) -> str:
    return plainly_run(_bundle(run, domain), held_out(run.parts, domain)[0][0])[:200]


def _bundle(run: MeasuredRun, domain: str) -> Path:
    return run.parts.part(f"edge/{domain}") / BUNDLE


if __name__ == "__main__":
    main()
