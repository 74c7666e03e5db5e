"""No stage's key contains the store, S3, MLflow or the command line: a changed time-out retrains nothing."""

import pytest

from tasks.kernel.fingerprint import code_identity

COMPUTED_FROM = {
    *("tasks.kernel.errors", "tasks.kernel.config", "tasks.kernel.workspace"),
    "tasks.kernel.user_files",
}
"""All of the kernel that what a stage computes may depend on."""
GUARDED = {"tasks.ingest.run": {"tasks.kernel.execution.guard"}}
"""Ingestion reads hostile files in processes of its own, and ends them as the kernel ends its own."""
MODULES = [
    "tasks.ingest.run",
    "tasks.generate.run",
    "tasks.generate.teachers.making",
    "tasks.route.run",
    "tasks.route.compare.run",
    "tasks.finetune.run",
    "tasks.merge.run",
    "tasks.convert.run",
    "tasks.convert.tracing",
    "tasks.convert.chain.run",
    "tasks.convert.recipe.run",
    "tasks.convert.recipe.choice",
    "tasks.evaluate.run",
    "tasks.models.sources",
]


@pytest.mark.parametrize("module", MODULES)
def test_the_key_of_a_stage_holds_what_is_computed_from_and_nothing_else(module: str) -> None:
    found = set(code_identity(module))
    own, shared = (
        module.split(".")[1],
        {"models", "records", "sandbox", "statistics", "text", "router_runtime"},
    )
    kernel = {name for name in found if name.startswith("tasks.kernel.")}
    assert kernel <= COMPUTED_FROM | GUARDED.get(module, set())
    assert {name.split(".")[1] for name in found - kernel} <= {own, *shared}
