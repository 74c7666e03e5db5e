"""Collect a run's figures: artifact folders, stage rows and the flow's own facts in, a `Report` out.

A failed run is reported as far as it came: what is not there is null in the JSON, a dash on
the page, and named in the warnings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.config import GENERALIST
from flows.report.cautions import cautions
from flows.report.evaluation import Evaluation, read_evaluation
from flows.report.figures import ByteGroup, Funnel, MergeCheck, Sizes, Training
from flows.report.generation import read_cost, read_documents, read_funnel, read_pairs
from flows.report.reading import Folders, read_router
from flows.report.schema import DomainReport, Generalist, Report, RunFacts, StageRow

STEPS = ("corpus", "qa", "adapter", "merged", "edge")
WEIGHTS = "adapter_model.safetensors"
BUNDLE = "model.litertlm"
_TRAINING = {"tokens": "tokens_seen", "examples": "examples_seen", "losses": "step_losses"}


def collect(
    folders: Mapping[str, Path],
    stages: Sequence[StageRow],
    config: Mapping[str, object],
    facts: RunFacts,
) -> Report:
    """Return the report of a run.

    `folders` are artifacts by name: `corpus/<domain>`, `qa/<domain>`, `adapter/<domain>`,
    `merged/<domain>`, `edge/<domain>`, `router`, `adapter-generalist`, `merged-generalist` and
    `evaluation`, any of which may be missing. `config` is the whole configuration as JSON values.
    """
    found = Folders(folders)
    evaluation = read_evaluation(found)
    report = Report(
        **dict(facts),
        config=dict(config),
        router=read_router(found, stages, config),
        domains={name: _domain(found, name, evaluation, stages) for name in _names(found, stages, config)},
        generalist=_generalist(found),
        systems=evaluation.systems,
        stages=list(stages),
    )
    return report.model_copy(
        update={
            "warnings": [
                *facts.warnings,
                *cautions(report),
                *evaluation.warnings,
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


def _domain(found: Folders, name: str, evaluation: Evaluation, stages: Sequence[StageRow]) -> DomainReport:
    funnel = read_funnel(found, name)
    return evaluation.domains.get(name, DomainReport()).model_copy(
        update={
            "passages": _passages(found, name, funnel),
            "pairs": funnel.kept if funnel else None,
            "funnel": funnel,
            "documents": read_documents(found, name),
            "cost": read_cost(stages, name, funnel),
            "pairs_to_read": read_pairs(found, name),
            "sizes": _sizes(found, name),
            "breakdown": _breakdown(found, name),
            "merge": _merge(found, f"merged/{name}"),
            "training": _training(found, f"adapter/{name}"),
            "files": _files(found, name),
            "missing": _missing(found, name),
        }
    )


def _passages(found: Folders, name: str, funnel: Funnel | None) -> int | None:
    documents = found.json(f"corpus/{name}", "documents.json")
    if isinstance(documents, list):
        return sum(int(document.get("passages") or 0) for document in documents)
    return funnel.passages if funnel else None


def _sizes(found: Folders, name: str) -> Sizes:
    values = {"adapter": _bytes(found, f"adapter/{name}")}
    for step in ("merged", "edge"):
        content = found.json(f"{step}/{name}", "sizes.json")
        if isinstance(content, dict):
            values |= content
    return found.part(Sizes, f"{name}: sizes.json", values) or Sizes()


def _bytes(found: Folders, name: str) -> int | None:
    weights = found.file(name, WEIGHTS)
    return weights.stat().st_size if weights else None


def _breakdown(found: Folders, name: str) -> list[ByteGroup]:
    value = found.json(f"edge/{name}", "breakdown.json")
    rows = value if isinstance(value, list) else []
    parts = [found.part(ByteGroup, f"edge/{name}/breakdown.json", row) for row in rows]
    return sorted((part for part in parts if part), key=lambda part: -part.bytes)


def _training(found: Folders, name: str) -> Training | None:
    value = found.json(name, "training.json")
    if isinstance(value, dict):
        value = value | {field: value.get(theirs) for field, theirs in _TRAINING.items()}
    return found.part(Training, f"{name}/training.json", value)


def _merge(found: Folders, name: str) -> MergeCheck | None:
    return found.part(MergeCheck, f"{name}/merge.json", found.json(name, "merge.json"))


def _files(found: Folders, name: str) -> dict[str, str]:
    paths = {
        "bundle": found.file(f"edge/{name}", BUNDLE),
        "adapter": found.file(f"adapter/{name}", WEIGHTS),
        "answers": found.file("evaluation", "answers.jsonl"),
    }
    return {kind: str(path) for kind, path in paths.items() if path}


def _missing(found: Folders, name: str) -> list[str]:
    return [step for step in STEPS if f"{step}/{name}" not in found] + [
        step for step in ("router", "evaluation") if step not in found
    ]


def _generalist(found: Folders) -> Generalist:
    adapter, merged = f"adapter-{GENERALIST}", f"merged-{GENERALIST}"
    return Generalist(
        training=_training(found, adapter), merge=_merge(found, merged), adapter_bytes=_bytes(found, adapter)
    )
