"""What a completed run offers for promotion: its folder in, one candidate for each model out.

A router and each expert stand alone, and the system names them all. A candidate is known by its
artifact's digest and carries the run's figures, so that later runs need no old report.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from flows.champions.difference import Quality
from flows.champions.gate import Figures, Gate
from flows.report.html import read_report
from flows.report.schema import DomainReport, Report
from serving.runs import FinishedRun
from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import StoreError
from tasks.kernel.tracking.registry import FIGURES, Candidate
from tasks.records.estimate import Estimate

PERPLEXITY, BUNDLE_PERPLEXITY, ACCURACY = "perplexity", "INT4 perplexity", "accuracy"


def candidates(run: FinishedRun) -> list[Candidate]:
    """Return the router, the experts and, last, the system; raise StoreError where the run failed."""
    report = read_report(run.folder / "report.json")
    if report.status != "completed":
        raise StoreError(f"{run.folder}: this run {report.status}; only a completed run has versions")
    members = [_router(run, report), *_experts(run, report)]
    return [*members, _system(run, report, members)]


def figures(tags: Mapping[str, str]) -> Figures | None:
    """Return the figures that a version carries, if it does."""
    return Figures.model_validate_json(tags[FIGURES]) if FIGURES in tags else None


def gate_of(run: FinishedRun) -> Gate:
    """Return the gate that the run was configured with."""
    report = read_report(run.folder / "report.json")
    return Gate.model_validate(report.config.get("promotion") or {})


def _router(run: FinishedRun, report: Report) -> Candidate:
    found, accuracy = report.router, None
    if found is not None:
        accuracy = Estimate(value=found.accuracy, low=found.accuracy_low, high=found.accuracy_high)
    measured = Figures(
        quality={ACCURACY: _quality(accuracy, loss=False)},
        kind="router",
        **_origin(run),
    )
    return _candidate(run, report, "router", {"router": run.artifacts["router"]}, measured, ("route", ""))


def _experts(run: FinishedRun, report: Report) -> Iterator[Candidate]:
    for domain, part in report.domains.items():
        apart = (f"edge-adapter/{domain}", "edge-base")
        names = (f"edge/{domain}", f"adapter/{domain}", f"qa/{domain}", *apart)
        parts = {name: run.artifacts[name] for name in names if name in run.artifacts}
        yield _candidate(
            run, report, f"expert-{domain}", parts, _expert_figures(run, part), ("convert", domain)
        )


def _expert_figures(run: FinishedRun, part: DomainReport) -> Figures:
    found = part.evaluation
    quality: dict[str, Quality | None] = {PERPLEXITY: None}
    if found:
        quality[PERPLEXITY] = _quality(found.perplexity.expert, relative=found.comparison_with_base.ratio)
    if found and (edge := found.edge_perplexity):
        quality[BUNDLE_PERPLEXITY] = _quality(edge.edge, relative=edge.loss.shifted(1))
    return Figures(
        quality=quality,
        edge_loss=found.edge_perplexity.loss if found and found.edge_perplexity else None,
        bundle_bytes=part.sizes.bundle,
        latency_ms=found.edge.latency_ms if found and found.edge else None,
        **_origin(run),
    )


def _system(run: FinishedRun, report: Report, members: list[Candidate]) -> Candidate:
    real = report.systems.get("real")
    measured = Figures(
        quality={PERPLEXITY: _quality(real.perplexity if real else None)},
        kind="system",
        latency_ms=real.latency_ms.mean if real else None,
        **_origin(run),
    )
    made = _candidate(
        run, report, "system", {"evaluation": run.artifacts["evaluation"]}, measured, ("evaluate", "")
    )
    whole = {member.model: member.digest for member in members}
    listing = json.dumps([whole, run.base_model.model_dump(mode="json")], sort_keys=True)
    return replace(made, digest=hashlib.sha256(listing.encode()).hexdigest())


def _candidate(
    run: FinishedRun,
    report: Report,
    name: str,
    parts: Mapping[str, Artifact],
    measured: Figures,
    stage: tuple[str, str],
) -> Candidate:
    """Return a candidate whose first part is what it is known by."""
    first = next(iter(parts.values()))
    # An adapter that is kept apart is its domain's `share`, where there is no `convert`.
    stages = (stage, ("share", stage[1]))
    rows = {(row.stage, row.domain): row.mlflow_run for row in report.stages}
    built_by = [rows[one] for one in stages if one in rows]
    return Candidate(
        model=f"{_config_name(report)}-{name}",
        digest=first.digest,
        source=_source(run, first),
        parts={**{name: part.digest for name, part in parts.items()}, "evaluation": measured.evaluation},
        tags={"run": report.run, "config": _config_name(report), "git_commit": report.environment.git_commit},
        run_id=built_by[0] if built_by else "",
        figures=measured.model_dump_json(),
    )


def _source(run: FinishedRun, artifact: Artifact) -> str:
    place = f"{type(artifact).__name__.lower()}/{artifact.digest}"
    shared = run.settings.store_url.rstrip("/")
    return f"{shared}/{place}" if shared else f"pocketmoe:/{place}"


def _origin(run: FinishedRun) -> dict[str, str]:
    base = run.base_model.model_dump_json()
    return {"base_model": base, "evaluation": run.artifacts["evaluation"].digest}


def _config_name(report: Report) -> str:
    return str(report.config["name"])


def _quality(
    found: Estimate | None, *, loss: bool = True, relative: Estimate | None = None
) -> Quality | None:
    """Return a measure with both ends of its interval; without them nothing can be compared."""
    if found is None or not found.bounded:
        return None
    return Quality(estimate=found, loss=loss, relative=relative)
