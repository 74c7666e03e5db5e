"""Train the router: `qa/<domain>` folders in, a Router folder out.

The shipped weights are fitted on the train split alone, so that the accuracy beside them
is that of the file that ships, on questions from passages it never saw.
"""

import logging
from math import ceil

from tasks.errors import DataError, UnsupportedError
from tasks.records import write_json, write_records
from tasks.route.config import LinearRouter, RouteConfig
from tasks.route.fit import fit_router
from tasks.route.questions import Questions, plain, read_questions, require_each
from tasks.route.score import Scores, routed_questions, score_router, stratified_scores
from tasks.router import save_router
from tasks.workspace import Inputs, Metrics, Workspace, domain_inputs

LOG = logging.getLogger(__name__)
ONE_DOMAIN = "There is one domain, so every question goes to it and accuracy says nothing."


def run(inputs: Inputs, config: RouteConfig, work: Workspace) -> Metrics:
    """Fit the router and write `weights.npz`, `router.json`, `report.json` and `predictions.jsonl`.

    Raises DataError where a domain has too few questions, UnsupportedError for a kind that is not built.
    """
    settings = config.router
    if not isinstance(settings, LinearRouter):
        raise UnsupportedError(" ".join(config.refusals()))
    folders = domain_inputs(inputs, "qa")
    if not folders:
        raise DataError("router: no `qa/<domain>` input; give the library at least one domain")
    train, validation, test = (read_questions(folders, split) for split in ("train", "validation", "test"))
    pool = train.joined(validation).joined(test)
    require_each(pool, ceil(1 / min(settings.test_share, 1 - settings.test_share)))
    work.progress(0, len(train.texts), "questions")
    router = fit_router(train, settings)
    scores = score_router(router, test)
    stratified = stratified_scores(pool, settings) if len(pool.domains) > 1 else None
    save_router(router, settings.kind, settings.model_dump(mode="json"), work.out)
    write_json(work.out / "report.json", _report(scores, stratified, train, test))
    write_records(work.out / "predictions.jsonl", routed_questions(router, test))
    metrics = _metrics(scores, stratified)
    work.progress(len(train.texts), len(train.texts), "questions", **metrics)
    LOG.info(
        "router: %.0f %% of %d held-out questions reach their expert", 100 * scores.accuracy, scores.questions
    )
    return metrics


def _report(
    scores: Scores, stratified: Scores | None, train: Questions, test: Questions
) -> dict[str, object]:
    seen = {plain(text) for text in train.texts}
    return scores.model_dump() | {
        "train_questions": len(train.texts),
        "repeated_questions": sum(plain(text) in seen for text in test.texts),
        "stratified_8020": stratified.model_dump() if stratified else None,
        "note": ONE_DOMAIN if len(train.domains) == 1 else "",
    }


def _metrics(scores: Scores, stratified: Scores | None) -> Metrics:
    metrics = {
        "accuracy": scores.accuracy,
        "accuracy_low": scores.accuracy_low,
        "accuracy_high": scores.accuracy_high,
        "macro_f1": scores.macro_f1,
        "mean_confidence": scores.mean_confidence,
        "ece": scores.ece,
        "questions": float(scores.questions),
    }
    return metrics | ({"accuracy_8020": stratified.accuracy} if stratified else {})
