"""Compare routers: `qa/<domain>` folders in, `comparison.json` out.

Two figures with two meanings stand side by side: accuracy on test questions whose passages training never
saw, and on the reference recipe's stratified 80/20 split, whose sides share passages.
"""

import tempfile
from pathlib import Path

from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, Metrics, Workspace, domain_inputs
from tasks.records.files import write_json
from tasks.route.compare.compare import compare_routers, named
from tasks.route.compare.question_files import Side
from tasks.route.compare.rows import Compared
from tasks.route.compare_config import ComparedRoutes
from tasks.route.confidence.out_of_scope import read_out_of_scope
from tasks.route.kinds.fitted import Resources
from tasks.route.measure.questions import read_questions, require_each
from tasks.route.measure.score import STRATIFIED_SHARE, stratified_scores

_METRICS = (
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "accuracy_8020",
    "leak_free_accuracy",
    "macro_f1",
    "ece",
    "p50_ms",
    "p95_ms",
    "queries_per_second",
    "peak_memory_bytes",
    "file_bytes",
    "train_seconds",
    "difference",
    "p_value",
)


def run(inputs: Inputs, config: ComparedRoutes, work: Workspace) -> Metrics:
    """Train every router twice, once on the train split and once on 80 % of all questions; write the table.

    Raises DataError where there are fewer than two domains, or a domain has too few questions.
    """
    folders = domain_inputs(inputs, "qa")
    if len(folders) < 2:  # noqa: PLR2004  with one domain there is nothing to choose
        raise DataError("compare: fewer than two `qa/<domain>` inputs; give the configuration more domains")
    train, validation, test = (read_questions(folders, split) for split in ("train", "validation", "test"))
    pool = train.joined(validation).joined(test)
    require_each(pool, round(1 / STRATIFIED_SHARE))
    resources = Resources(inputs, work.scratch, work.progress)
    outside = {
        name: read_out_of_scope(path, name) for name, path in domain_inputs(inputs, "out-of-scope").items()
    }
    sides = Side(train, outside.get("train", ())), Side(test, outside.get("test", ()))
    with tempfile.TemporaryDirectory(dir=work.scratch) as routers:
        rows = compare_routers(*sides, config.routes, resources, Path(routers), validation)
    leaky = [
        stratified_scores(pool, route, resources.inside(name)).accuracy
        for name, route in named(config.routes)
    ]
    rows = [row.model_copy(update={"accuracy_8020": share}) for row, share in zip(rows, leaky, strict=True)]
    write_json(work.out / "comparison.json", [row.model_dump(mode="json") for row in rows])
    return _metrics(rows)


def _metrics(rows: list[Compared]) -> Metrics:
    """Return the figures that runs are compared by, as `<router>.<figure>`."""
    figures = ((row, name, getattr(row, name)) for row in rows for name in _METRICS)
    return {f"{row.name}.{name}": float(value) for row, name, value in figures if value is not None}
