"""What a completed run offers for promotion: its folder in, one candidate for each model out.

A router and each expert stand alone, and the system names them all. A candidate is known by its
artifact's digest and carries the run's figures, so that later runs need no old report.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from flows.champions.difference import Estimate, Quality
from flows.champions.gate import Figures, Gate
from flows.report.figures import Comparison, Interval
from flows.report.html import read_report
from flows.report.schema import DomainReport, Report
from serving.runs import FinishedRun
from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import StoreError
from tasks.kernel.tracking.registry import FIGURES, Candidate

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
        accuracy = Interval(value=found.accuracy, low=found.accuracy_low, high=found.accuracy_high)
    measured = Figures(
        quality={ACCURACY: _quality(accuracy, loss=False)},
        kind="router",
        **_origin(run),
    )
    return _candidate(run, report, "router", {"router": run.artifacts["router"]}, measured, ("route", ""))


def _experts(run: FinishedRun, report: Report) -> Iterator[Candidate]:
    for domain, part in report.domains.items():
        names = (f"edge/{domain}", f"adapter/{domain}", f"qa/{domain}")
        parts = {name: run.artifacts[name] for name in names if name in run.artifacts}
        yield _candidate(
            run, report, f"expert-{domain}", parts, _expert_figures(run, part), ("convert", domain)
        )


def _expert_figures(run: FinishedRun, part: DomainReport) -> Figures:
    quality = {PERPLEXITY: _quality(part.perplexity.expert, relative=_ratio(part.comparison_with_base))}
    edge = part.edge_perplexity
    if edge is not None:
        loss = _estimate(edge.intervals.get("loss"))
        quality[BUNDLE_PERPLEXITY] = _quality(edge.intervals.get("edge"), relative=loss and _raised(loss))
    return Figures(
        quality=quality,
        bundle_bytes=part.sizes.bundle,
        latency_ms=part.edge.latency_ms if part.edge else None,
        **_origin(run),
    )


def _system(run: FinishedRun, report: Report, members: list[Candidate]) -> Candidate:
    real = report.systems.get("real")
    measured = Figures(
        quality={PERPLEXITY: _quality(real.intervals.get("perplexity") if real else None)},
        kind="system",
        latency_ms=real.latency_ms if real else None,
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
    built_by = [row.mlflow_run for row in report.stages if (row.stage, row.domain) == stage]
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
    found: Interval | None, *, loss: bool = True, relative: Estimate | None = None
) -> Quality | None:
    estimate = _estimate(found)
    return None if estimate is None else Quality(estimate=estimate, loss=loss, relative=relative)


def _estimate(found: Interval | None) -> Estimate | None:
    """Return a value with both ends of its interval; without them nothing can be compared."""
    if found is None or found.low is None or found.high is None:
        return None
    return Estimate(value=found.value, low=found.low, high=found.high)


def _ratio(found: Comparison | None) -> Estimate | None:
    return None if found is None else Estimate(value=found.ratio, low=found.low, high=found.high)


def _raised(loss: Estimate) -> Estimate:
    """Return edge / float of a loss, which is edge / float - 1."""
    return Estimate(value=1 + loss.value, low=1 + loss.low, high=1 + loss.high)
