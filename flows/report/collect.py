"""Collect a run's figures: artifact folders, stage rows and the flow's own facts in, a `Report` out.

A failed run is reported as far as it came: what is not there is null in the JSON, a dash on
the page, and named in the warnings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.config import GENERALIST
from flows.report.artifact_folders import Folders
from flows.report.cautions import cautions
from flows.report.evaluation_samples import samples_of
from flows.report.pair_account import condensed, shown
from flows.report.schema import DomainReport, Generalist, Report, RunFacts, StageRow, TrainedReport
from flows.report.shared_documents import shared_documents
from tasks.records import (
    coverage,
    documents,
    edge,
    evaluation,
    funnel,
    healing,
    merge,
    recipe,
    router,
    samples,
    training,
)
from tasks.records.edge import Sizes
from tasks.records.evaluation import Answer, Evaluation

STEPS = ("corpus", "qa", "adapter", "merged", "edge")
BUNDLE = "model.litertlm"


def collect(
    folders: Mapping[str, Path],
    stages: Sequence[StageRow],
    config: Mapping[str, object],
    facts: RunFacts,
) -> Report:
    """Return the report of a run.

    `folders` are artifacts by name: `corpus/<domain>`, `qa/<domain>`, `adapter/<domain>`,
    `merged/<domain>`, `edge/<domain>`, `router`, `recipe`, `healed`, `healed/<domain>`, `adapter-generalist`,
    `merged-generalist` and `evaluation`, any of which may be missing. `config` is the whole
    configuration as JSON values.
    """
    found = Folders(folders)
    measured = found.record("evaluation", evaluation.FILE, evaluation.read_evaluation)
    answers = found.record("evaluation", evaluation.ANSWERS, evaluation.read_answers) or []
    report = Report(
        **dict(facts),
        config=dict(config),
        router=found.record("router", router.FILE, router.read_router_report),
        tax=measured.router.tax if measured else None,
        recipe=found.record("recipe", recipe.SEARCH, recipe.read_search),
        healing=found.record("healed", healing.FILE, healing.read_healing),
        domains={name: _domain(found, name, measured, answers) for name in _names(found, stages, config)},
        generalist=_generalist(found),
        systems=measured.systems if measured else {},
        stages=list(stages),
    )
    return report.model_copy(
        update={
            "warnings": [
                *facts.warnings,
                *cautions(report),
                *shared_documents(found, list(report.domains)),
                *(measured.warnings if measured else ()),
                *dict.fromkeys(found.problems),
            ]
        }
    )


def _names(found: Folders, stages: Sequence[StageRow], config: Mapping[str, object]) -> list[str]:
    """Return the domains, as the configuration orders them, then any that only a folder or a stage names."""
    configured = config.get("domains")
    names = list(configured) if isinstance(configured, Mapping) else []
    names += [name.partition("/")[2] for name in found.names() if "/" in name]
    names += [row.domain for row in stages if row.domain]
    return [name for name in dict.fromkeys(names) if name != GENERALIST]


def _domain(
    found: Folders, name: str, measured: Evaluation | None, answers: Sequence[Answer]
) -> DomainReport:
    files = found.record(f"corpus/{name}", documents.FILE, documents.read_documents)
    counts = found.record(f"qa/{name}", funnel.FILE, funnel.read_funnel)
    pages = found.record(f"qa/{name}", coverage.FILE, coverage.read_coverage, optional=True)
    read = found.record(f"qa/{name}", samples.FILE, samples.read_samples, optional=True)
    passages = sum(file.passages or 0 for file in files) if files is not None else None
    trained = _trained(found, f"adapter/{name}", f"merged/{name}")
    return DomainReport(
        passages=counts.passages if passages is None and counts else passages,
        pairs=counts.kept if counts else None,
        funnel=counts,
        documents=files or [],
        pages=[condensed(document) for document in pages or []],
        pairs_to_read=shown(read) if read else None,
        healing=found.record(f"healed/{name}", healing.FILE, healing.read_healing),
        evaluation=measured.domains.get(name) if measured else None,
        sizes=_sizes(found, name),
        breakdown=found.record(f"edge/{name}", edge.BREAKDOWN, edge.read_breakdown) or [],
        files=_files(found, name),
        samples=samples_of(name, answers),
        missing=_missing(found, name),
        **dict(trained),
    )


def _sizes(found: Folders, name: str) -> Sizes:
    """Return the bytes at every step, of which the adapter's stand in its folder too."""
    known = Sizes(adapter=_bytes(found, f"adapter/{name}"))
    for step in ("merged", "edge"):
        known |= found.record(f"{step}/{name}", edge.SIZES, edge.read_sizes) or Sizes()
    return known


def _bytes(found: Folders, name: str) -> int | None:
    weights = found.file(name, training.WEIGHTS)
    return weights.stat().st_size if weights else None


def _trained(found: Folders, adapter: str, merged: str) -> TrainedReport:
    return TrainedReport(
        training=found.record(adapter, training.FILE, training.read_training),
        adapter=found.record(adapter, training.ADAPTER_CONFIG, training.read_adapter),
        merge=found.record(merged, merge.FILE, merge.read_merge_check),
    )


def _files(found: Folders, name: str) -> dict[str, str]:
    paths = {
        "bundle": found.file(f"edge/{name}", BUNDLE),
        "adapter": found.file(f"adapter/{name}", training.WEIGHTS),
        "answers": found.file("evaluation", evaluation.ANSWERS),
    }
    return {kind: str(path) for kind, path in paths.items() if path}


def _missing(found: Folders, name: str) -> list[str]:
    return [step for step in STEPS if f"{step}/{name}" not in found] + [
        step for step in ("router", "evaluation") if step not in found
    ]


def _generalist(found: Folders) -> Generalist:
    adapter, merged = f"adapter-{GENERALIST}", f"merged-{GENERALIST}"
    return Generalist(**dict(_trained(found, adapter, merged)), adapter_bytes=_bytes(found, adapter))
