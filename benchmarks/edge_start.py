"""What steps after GPTQ are worth in what ships: experts of finished runs, rounded by GPTQ alone as well.

In: runs whose experts were trained after GPTQ. Out: `results/edge_start.json`: both bundles of each expert
beside its float form, on the same held-out answers in the runtime: `python -m benchmarks.edge_start RUN RUN`.
"""

import argparse
import logging
import tempfile
import time
from pathlib import Path

from benchmarks.edge_quality import Pairs, compare, held_out, pooled
from benchmarks.edge_runs import MeasuredRun, measured_runs
from benchmarks.edge_shared import conversion
from benchmarks.machine import save
from benchmarks.readme import update_readme
from tasks.heal import settle
from tasks.heal.config import HealConfig, of_expert
from tasks.kernel.settings import PROJECT
from tasks.kernel.workspace import Workspace, silent
from tasks.models.edge_files import BUNDLE, ExpertFiles
from tasks.models.int4 import Int4

LOG = logging.getLogger(__name__)
WORK = PROJECT / "artifacts" / "bench-edge"
ALONE, TRAINED = "GPTQ alone", "GPTQ, then trained"


def main() -> None:
    """Round, convert, score, and write the results."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path, nargs="+")
    runs = measured_runs(parser.parse_args().runs)
    found: dict[str, dict[str, list[Pairs]]] = {ALONE: {}, TRAINED: {}}
    seconds = []
    for run in runs:
        for domain in run.domains:
            LOG.info("seed %s, %s", run.seed, domain)
            start = time.monotonic()
            rounded = gptq_alone(run, domain)
            seconds.append(time.monotonic() - start)
            bundles = {ALONE: converted(run, domain, rounded), TRAINED: run.parts.part(f"edge/{domain}")}
            forms = {name: ExpertFiles(folder / BUNDLE) for name, folder in bundles.items()}
            merged, turns = run.parts.part(f"merged/{domain}"), held_out(run.parts, domain)[1]
            for name, pairs in compare(forms, merged, turns, WORK / "packed").items():
                found[name].setdefault(domain, []).append(pairs)
    by_domain = {
        name: {domain: pooled(pairs) for domain, pairs in domains.items()} for name, domains in found.items()
    }
    every = {name: pooled(list(domains.values())) for name, domains in by_domain.items()}
    ways = {
        name: {"all": every[name].told(), "domains": {domain: one.told() for domain, one in domains.items()}}
        for name, domains in by_domain.items()
    }
    save(
        "edge_start",
        {
            "seeds": [run.seed for run in runs],
            "trained": runs[0].report.config["heal"],
            "ways": ways,
            "trained_beside_alone": Pairs(every[TRAINED].edge, every[ALONE].edge).told(),
            "gptq_seconds": max(seconds),
        },
    )
    update_readme()


def gptq_alone(run: MeasuredRun, domain: str) -> Path:
    """Return the expert's weights where GPTQ puts them; what an earlier benchmark made of them is kept."""
    out = WORK / "gptq" / f"{run.parts.folder.name}-{domain}"
    if (out / "healing.json").is_file():
        return out
    config = HealConfig.model_validate(run.report.config["heal"])
    schedule = config.expert.model_copy(update={"max_steps": 0})
    grid = Int4.model_validate(run.convert()["quantization"])
    out.mkdir(parents=True, exist_ok=True)
    inputs = {"expert": run.parts.part(f"merged/{domain}"), "qa": run.parts.part(f"qa/{domain}")}
    with tempfile.TemporaryDirectory() as scratch:
        healing = of_expert(config.model_copy(update={"expert": schedule}), grid)
        settle.run(inputs, healing, Workspace(out, Path(scratch), silent))
    return out


def converted(run: MeasuredRun, domain: str, healed: Path) -> Path:
    """Return the bundle of these weights."""
    inputs = {"merged": healed, "graph": run.parts.part("graph")}
    folder = WORK / "alone" / f"{run.parts.folder.name}-{domain}"
    return conversion("tasks.convert.run", inputs, run.convert() | {"form": "merged"}, folder)


if __name__ == "__main__":
    main()
