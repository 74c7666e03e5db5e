"""How each node of a run ended, in the words that the terminal, the report and the error share.

In: Prefect's final states. Out: one outcome per node, rows for the report, and a sentence
for every failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from prefect.client.schemas.objects import State

from flows.report.schema import StageRow, StageStatus
from tasks.kernel.artifacts import Artifact
from tasks.kernel.errors import StageError
from tasks.kernel.storage.store import Store


@dataclass(frozen=True)
class Outcome:
    """How one stage of one domain ended."""

    label: str
    status: StageStatus
    artifact: Artifact | None = None
    error: BaseException | None = None


def outcome_of(label: str, state: State[Artifact]) -> Outcome:
    """Read a final state: an artifact, a failure, or a stage that never got its inputs or was left out."""
    if state.is_running():
        return Outcome(label, "failed", error=StageError("its worker was lost; run again to go on"))
    if not state.is_final():
        return Outcome(label, "skipped")
    if state.is_cancelled():
        return Outcome(label, "left")
    result: Artifact | BaseException = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        return Outcome(label, "failed", error=result)
    return Outcome(label, "cached" if state.name == "Cached" else "built", artifact=result)


def settled(outcomes: Mapping[str, Outcome], *, only: bool) -> dict[str, Outcome]:
    """Return the outcomes, in which what waits for a stage that was left out is left out as well."""
    if not only or any(node.status == "failed" for node in outcomes.values()):
        return dict(outcomes)
    left = {name: Outcome(node.label, "left") for name, node in outcomes.items() if node.status == "skipped"}
    return {**outcomes, **left}


def stage_rows(outcomes: Mapping[str, Outcome], store: Store) -> list[StageRow]:
    """Return the report's row for each node."""
    return [_row(outcome, store) for outcome in outcomes.values()]


def failures(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return a sentence for each failed stage, and one for what waited for it."""
    failed = [f"{node.label}: {node.error}" for node in outcomes.values() if node.status == "failed"]
    skipped = [node.label for node in outcomes.values() if node.status == "skipped"]
    waited = [f"not started, because an input failed: {', '.join(skipped)}"] if skipped else []
    return failed + waited


def users_fault(outcomes: Mapping[str, Outcome]) -> bool:
    """Tell whether every failure is one that the user can mend."""
    return not any(isinstance(node.error, StageError) for node in outcomes.values())


def _row(outcome: Outcome, store: Store) -> StageRow:
    stage, _, domain = outcome.label.partition(":")
    known: dict[str, object] = {}
    if outcome.artifact is not None:
        manifest = store.manifest(outcome.artifact)
        known = {
            "seconds": manifest.seconds,
            "metrics": manifest.metrics,
            "peak_memory_bytes": manifest.peak_memory_bytes,
            "key": manifest.key,
            "digest": manifest.digest,
            "mlflow_run": manifest.mlflow_run,
        }
    reason = str(outcome.error or "")
    return StageRow.model_validate(
        {"stage": stage, "domain": domain, "status": outcome.status, "reason": reason, **known}
    )
