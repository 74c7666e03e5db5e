"""Train the router: `qa/<domain>` and `corpus/<domain>` folders in, a Router folder out.

Optional inputs are the corpora, and `out-of-scope/train` and `out-of-scope/test`: files of questions that
belong to no domain.
The shipped weights are fitted on the train split alone, so that the accuracy beside them
is that of the file that ships, on questions from passages it never saw.
"""

import logging
from math import ceil

from tasks.kernel.errors import DataError
from tasks.kernel.workspace import Inputs, Metrics, Workspace, domain_inputs
from tasks.records.ambiguous import Ambiguous
from tasks.records.files import write_records
from tasks.records.router import RouterReport, write_router_report
from tasks.route.confidence.out_of_scope import read_out_of_scope, without_repeated
from tasks.route.config import RouteConfig
from tasks.route.encoder.encoder_folders import given_encoders
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.material.teaching import material
from tasks.route.measure.labelled_questions import read_questions, require_each
from tasks.route.measure.route_report import route_report, with_ambiguous, with_recall
from tasks.route.measure.router_answers import ask, routed_questions
from tasks.route.measure.score import STRATIFIED_SHARE, stratified_scores
from tasks.route.measure.speed import cost_account, file_bytes, measure_speed
from tasks.route.suites.measure import check_gates, suite_scores
from tasks.router_runtime.router import Router
from tasks.router_runtime.router_files import save_router

LOG = logging.getLogger(__name__)
_TIMED = 200
"""Single questions that tell what a cascade's stages cost."""


def run(inputs: Inputs, config: RouteConfig, work: Workspace) -> Metrics:
    """Fit the router and write its files, `report.json` and `predictions.jsonl`.

    Raises DataError where a domain has too few questions, StageError where a robustness suite misses its bar.
    Timings are metrics alone: they differ from run to run, and equal routers must be equal files.
    """
    folders = domain_inputs(inputs, "qa")
    if not folders:
        raise DataError("router: no `qa/<domain>` input; give the library at least one domain")
    train, validation, test = (read_questions(folders, split) for split in ("train", "validation", "test"))
    pool = train.joined(validation).joined(test)
    require_each(pool, ceil(1 / STRATIFIED_SHARE))
    outside = {
        name: read_out_of_scope(path, name) for name, path in domain_inputs(inputs, "out-of-scope").items()
    }
    out_of_scope = outside.get("test", ())
    work.progress(0, len(train.texts), "questions")
    resources = Resources(given_encoders(inputs, config), work.scratch, work.progress)
    examples = without_repeated(outside.get("train", ()), out_of_scope)
    given = material({"train": train, "validation": validation, "test": test}, inputs, config, resources)
    router = fit_router(given.taught, config, resources, validation, examples)
    suites = suite_scores(router, train, test, config.seed)
    check_gates(suites, {str(name): least for name, least in config.suites.items()})
    stratified = stratified_scores(pool, config, resources) if len(pool.domains) > 1 else None
    save_router(router, config.router.kind, config.model_dump(mode="json"), work.out)
    metrics = _costs(router, test.texts, work)
    answers = ask(router, test)
    report = route_report(answers, train, validation, config, stratified, suites, out_of_scope)
    if (recalled := read_questions(folders, "recall")).texts:
        report = with_recall(report, ask(router, recalled), config)
    report = with_ambiguous(report, answers, given, config)
    write_router_report(work.out, report)
    write_records(work.out / "predictions.jsonl", routed_questions(answers))
    metrics |= _metrics(report)
    work.progress(len(train.texts), len(train.texts), "questions", accuracy=report.accuracy)
    LOG.info(
        "router: %.0f %% of %d held-out questions reach their expert", 100 * report.accuracy, report.questions
    )
    return metrics


def _costs(router: Router, texts: tuple[str, ...], work: Workspace) -> Metrics:
    """Return what asking costs on this machine, and the size of the files that are there so far."""
    cost = cost_account(router, texts[:_TIMED])
    metrics = measure_speed(work.out, texts).model_dump()
    metrics |= {"mean_ms": cost.mean_ms, "file_bytes": float(file_bytes(work.out))}
    if len(cost.stages) > 1:
        metrics |= {f"stage_ms.{stage.name}": stage.mean_ms for stage in cost.stages}
    return metrics


def _ambiguous(found: Ambiguous) -> Metrics:
    """Return how many questions of each domain are ambiguous, whatever their side."""
    counts = {domain: one.train + one.validation + one.test for domain, one in found.domains.items()}
    left_out = sum(one.left_out for one in found.domains.values())
    by_domain = {f"ambiguous.{domain}": float(count) for domain, count in counts.items()}
    return {"ambiguous": float(sum(counts.values())), "ambiguous_left_out": float(left_out), **by_domain}


def _metrics(report: RouterReport) -> Metrics:
    names = ("accuracy", "accuracy_low", "accuracy_high", "macro_f1", "mean_confidence", "ece", "aurc")
    metrics = report.model_dump(include=set(names))
    metrics["questions"] = float(report.questions)
    if report.operating:
        metrics["coverage"] = report.operating.coverage
    metrics |= {f"accuracy_{suite.name}": suite.accuracy for suite in report.suites}
    metrics |= {f"share.{stage.name}": stage.share for stage in report.stages}
    if report.stratified_8020:
        metrics["accuracy_8020"] = report.stratified_8020.accuracy
    if "leak_free" in report.splits:
        metrics["accuracy_leak_free"] = report.splits["leak_free"].accuracy
    if "recall" in report.splits:
        metrics["accuracy_recall"] = report.splits["recall"].accuracy
    if report.ambiguous:
        metrics |= _ambiguous(report.ambiguous)
    if "unambiguous" in report.splits:
        metrics["accuracy_unambiguous"] = report.splits["unambiguous"].accuracy
    if report.out_of_scope:
        metrics["out_of_scope_auroc"] = report.out_of_scope.auroc
    return metrics
