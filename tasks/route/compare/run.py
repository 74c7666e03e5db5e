"""Compare routers: `qa/<domain>` folders or two files of questions in, `comparison.json` out.

Two figures with two meanings stand side by side: accuracy on test questions whose passages training never
saw, and on the reference recipe's stratified 80/20 split, whose sides share passages.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, Metrics, Workspace, domain_inputs
from tasks.records.dataset import Split
from tasks.records.router_comparison import Compared, write_comparison
from tasks.route.compare.question_files import Side, read_labelled
from tasks.route.compare.side_by_side import compare_routers, named
from tasks.route.compare_config import ComparedRoutes
from tasks.route.confidence.out_of_scope import read_out_of_scope
from tasks.route.config import RouteConfig
from tasks.route.encoder.encoder_folders import given_encoders
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.material.teaching import material
from tasks.route.measure.labelled_questions import Questions, read_questions, require_each
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


@dataclass(frozen=True)
class Given:
    """What routers are trained and compared on."""

    train: Side
    test: Side
    validation: Questions | None = None
    pool: Questions | None = None
    """All questions, for the leaky split; none: files come with their own split alone."""
    taught: Questions | None = None
    """What all routers learn from, since they differ in their kinds alone; none: the questions of `train`."""


def run(inputs: Inputs, config: ComparedRoutes, work: Workspace) -> Metrics:
    """Train every router and write the table; of files, write the routers beside it.

    Raises DataError where there are fewer than two domains, a domain has too few questions, or a
    file has a bad line.
    """
    on_files = "questions/train" in inputs
    # Question files have neither passages nor answers that questions could be compared with.
    reading = [route.router for route in config.routes] if on_files else config.routes
    resources = Resources(given_encoders(inputs, *reading), work.scratch, work.progress)
    given = (
        _of_files(inputs, config.out_of_scope_domain)
        if on_files
        else _of_datasets(inputs, config.routes[0], resources)
    )
    with tempfile.TemporaryDirectory(dir=work.scratch) as folder:
        routers = work.out / "routers" if on_files else Path(folder)
        rows = compare_routers(
            given.train, given.test, config.routes, resources, routers, given.validation, given.taught
        )
    if given.pool is not None:
        rows = [
            row.model_copy(update={"accuracy_8020": _leaky(given.pool, route, resources.inside(row.name))})
            for row, (_, route) in zip(rows, named(config.routes), strict=True)
        ]
    write_comparison(work.out, rows)
    return _metrics(rows)


def _of_files(inputs: Inputs, out_of_scope: str) -> Given:
    train, test = (read_labelled(inputs[f"questions/{side}"], out_of_scope) for side in ("train", "test"))
    return Given(train, test)


def _of_datasets(inputs: Inputs, route: RouteConfig, resources: Resources) -> Given:
    folders = domain_inputs(inputs, "qa")
    if len(folders) < 2:  # noqa: PLR2004  with one domain there is nothing to choose
        raise DataError("compare: fewer than two `qa/<domain>` inputs; give the configuration more domains")
    train, validation, test = (read_questions(folders, split) for split in ("train", "validation", "test"))
    pool = train.joined(validation).joined(test)
    require_each(pool, round(1 / STRATIFIED_SHARE))
    outside = {
        name: read_out_of_scope(path, name) for name, path in domain_inputs(inputs, "out-of-scope").items()
    }
    sides = Side(train, outside.get("train", ())), Side(test, outside.get("test", ()))
    questions: dict[Split, Questions] = {"train": train, "validation": validation, "test": test}
    return Given(*sides, validation, pool, material(questions, inputs, route, resources).taught)


def _leaky(pool: Questions, route: RouteConfig, resources: Resources) -> float:
    return stratified_scores(pool, route, resources).accuracy


def _metrics(rows: list[Compared]) -> Metrics:
    """Return the figures that runs are compared by, as `<router>.<figure>`."""
    figures = ((row, name, getattr(row, name)) for row in rows for name in _METRICS)
    return {f"{row.name}.{name}": float(value) for row, name, value in figures if value is not None}
