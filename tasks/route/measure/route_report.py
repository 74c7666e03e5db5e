"""Gather what report.json says of a router: what it was asked and what it reached in, one record out.

Figures alone that equal routers share: no time and no memory, so that equal runs write equal bytes.
"""

from collections.abc import Sequence

import numpy as np

from tasks.records.router import (
    CalibrationSummary,
    Leaks,
    OutOfScope,
    RouterReport,
    Scores,
    Split,
    SuiteScore,
)
from tasks.route.confidence.risk_curves import scope_figures
from tasks.route.config import RouteConfig
from tasks.route.material.teaching import Material
from tasks.route.measure.labelled_questions import Questions
from tasks.route.measure.neighbours import leak_report
from tasks.route.measure.router_answers import RouterAnswers
from tasks.route.measure.score import score_answers

ONE_DOMAIN = "There is one domain, so every question goes to it and accuracy says nothing."
NOTHING_CLAIMED = (
    "No test questions were given that belong to no domain, so nothing is claimed: other domains are in"
    " scope. Name a file in `out_of_scope.test`."
)
RECALLED = "facts of training passages, which training asked in another form"
LEAK_FREE = (
    "test questions, from passages that training never saw, without those that are nearly word for word a"
    " training question"
)
LEAKY = (
    "a stratified fifth of all questions drawn one by one, as the reference recipes do: both sides share"
    " passages and near-identical questions, which flatters"
)
UNAMBIGUOUS = (
    "test questions that are no nearer to another domain's {} than to their own, as embeddings tell it"
)
AMBIGUOUS = "test questions that are nearer to another domain's {}, which could as well be asked there"


def route_report(
    answers: RouterAnswers,
    train: Questions,
    validation: Questions,
    config: RouteConfig,
    stratified: Scores | None,
    suites: Sequence[SuiteScore],
    out_of_scope: Sequence[str],
) -> RouterReport:
    """Return the report; `out_of_scope` are test questions of no domain."""
    leaked = leak_report(train.joined(validation), answers.questions)
    clean = sorted(set(range(leaked.questions)) - set(leaked.positions))
    splits = {"leak_free": _split(LEAK_FREE, score_answers(answers.at(clean), config))} if clean else {}
    if stratified:
        splits["leaky_8020"] = _split(LEAKY, stratified)
    return RouterReport(
        **dict(score_answers(answers, config)),
        kind=config.router.kind,
        notes=dict(answers.router.notes),
        train_questions=len(train.texts),
        repeated_questions=leaked.identical,
        leaks=Leaks(identical=leaked.identical, near_identical=leaked.near_identical),
        splits=splits,
        stratified_8020=stratified,
        calibration=_calibration(answers),
        out_of_scope=scope_of(answers, out_of_scope) if out_of_scope else None,
        suites=list(suites),
        out_of_scope_note="" if out_of_scope else NOTHING_CLAIMED,
        note=ONE_DOMAIN if len(answers.router.labels) == 1 else "",
    )


def with_recall(report: RouterReport, recalled: RouterAnswers, config: RouteConfig) -> RouterReport:
    """Return the report with the questions of `recall` beside the test questions that its figures are of."""
    scores = _split(RECALLED, score_answers(recalled, config))
    return report.model_copy(update={"splits": {"recall": scores, **report.splits}})


def with_ambiguous(
    report: RouterReport, answers: RouterAnswers, given: Material, config: RouteConfig
) -> RouterReport:
    """Return the report with both parts of the test questions apart; its own figures stay those of all."""
    if given.ambiguous is None or given.test is None:
        return report
    named = {"unambiguous": (UNAMBIGUOUS, ~given.test), "ambiguous": (AMBIGUOUS, given.test)}
    splits = {
        name: _split(
            told.format(given.ambiguous.compared_with),
            score_answers(answers.at(np.flatnonzero(rows).tolist()), config),
        )
        for name, (told, rows) in named.items()
        if rows.any()
    }
    update = {"splits": report.splits | splits, "ambiguous": given.ambiguous}
    return report.model_copy(update=update)


def _split(held_out: str, scores: Scores) -> Split:
    shared = set(Split.model_fields) & set(Scores.model_fields)
    return Split(held_out=held_out, **scores.model_dump(include=shared))


def _calibration(answers: RouterAnswers) -> CalibrationSummary:
    calibration = answers.router.calibration
    method = "isotonic" if calibration.knots else "temperature"
    return CalibrationSummary(
        method=method if answers.router.scope else "none",
        scale=calibration.scale,
        knots=len(calibration.knots),
    )


def scope_of(answers: RouterAnswers, out_of_scope: Sequence[str]) -> OutOfScope:
    """Return the figures; a router that has no model of its scope is judged by its confidence."""
    router = answers.router
    scored = router.scorer.score(out_of_scope)
    policy = router.policy
    if router.scope is None:
        inside, outside = answers.probabilities.max(axis=1), router.calibration.probabilities(scored.scores)
        return scope_figures(
            inside, outside.max(axis=1), answers.right, policy.min_scope, "its confidence alone"
        )
    inside, outside = router.in_scope(answers.scored), router.in_scope(scored)
    return scope_figures(inside, outside, answers.right, policy.min_scope, router.scope.learned_from)
