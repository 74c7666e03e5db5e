"""Score a router: a `Router` and labelled questions in, the figures of report.json out.

Two figures with two meanings: held-out questions come from passages that training never
saw; the reference recipe's stratified split draws by question, so its sides share passages
and it flatters the router. Both are reported, each under its own name.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split

from tasks.records.router import LabelScore, Operating, Scores, StageShare
from tasks.route.confidence.risk_curves import Right, reliability, risk_coverage
from tasks.route.config import RouteConfig
from tasks.route.kinds.fit import fit_router
from tasks.route.kinds.uncalibrated import Resources
from tasks.route.measure.labelled_questions import Questions
from tasks.route.measure.router_answers import RouterAnswers, ask
from tasks.router_runtime.question_scores import Floats
from tasks.router_runtime.router import Router
from tasks.statistics.wilson import wilson

STRATIFIED_SHARE = 0.2
"""Of the questions, held out by the split that the reference recipe reports."""


def score_router(router: Router, questions: Questions, config: RouteConfig | None = None) -> Scores:
    """Return every figure of a router on labelled questions; `config` tells which targets were set."""
    return score_answers(ask(router, questions), config)


def score_answers(answers: RouterAnswers, config: RouteConfig | None = None) -> Scores:
    """Return every figure of a router by its answers."""
    labels, truth, predicted = list(answers.router.labels), answers.questions.labels, answers.predicted
    table = classification_report(truth, predicted, labels=labels, output_dict=True, zero_division=0.0)
    low, high = wilson(int(answers.right.sum()), len(answers.right))
    confidence = answers.probabilities.max(axis=1)
    points, area = risk_coverage(confidence, answers.right)
    return Scores(
        accuracy=float(answers.right.mean()),
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=table["macro avg"]["f1-score"],
        mean_confidence=float(confidence.mean()),
        ece=calibration_error(confidence, answers.right),
        aurc=area,
        questions=len(truth),
        report={label: _row(table[label]) for label in labels},
        labels=labels,
        confusion=_confusion(truth, predicted, labels),
        reliability=reliability(confidence, answers.right),
        risk_coverage=points,
        operating=_operating(answers, config or RouteConfig()),
        stages=_stages(answers),
    )


def stratified_scores(questions: Questions, config: RouteConfig, resources: Resources) -> Scores:
    """Fit on a stratified share of the questions, score on the rest: the reference recipe's figure."""
    sides = train_test_split(
        np.arange(len(questions.texts)),
        test_size=STRATIFIED_SHARE,
        stratify=questions.labels,
        random_state=config.seed,
    )
    train, test = (questions.at(sorted(side.tolist())) for side in sides)
    return score_router(fit_router(train, config, resources.inside("stratified")), test, config)


def calibration_error(confidence: Floats, right: Right) -> float:
    """Return how far confidence and accuracy lie apart, on average over the questions."""
    bins = reliability(confidence, right)
    return sum(one.questions * abs(one.confidence - one.accuracy) for one in bins) / len(confidence)


def _row(row: dict[str, float]) -> LabelScore:
    return LabelScore(
        precision=row["precision"], recall=row["recall"], f1=row["f1-score"], support=int(row["support"])
    )


def _confusion(actual: Sequence[str], chosen: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    # scikit-learn's own warns of a single label.
    counts = Counter(zip(actual, chosen, strict=True))
    return [[counts[row, column] for column in labels] for row in labels]


def _operating(answers: RouterAnswers, config: RouteConfig) -> Operating:
    policy = answers.router.policy
    answered = np.array([decision.outcome == "expert" for decision in answers.decisions])
    wrong, total = int((~answers.right & answered).sum()), int(answered.sum())
    low, high = wilson(wrong, total)
    return Operating(
        threshold=policy.min_confidence,
        coverage=float(answered.mean()),
        risk=wrong / max(1, total),
        risk_low=low,
        risk_high=high,
        target=config.max_misrouted,
        basis=policy.confidence_basis,
        min_scope=policy.min_scope,
        rejected=float(np.mean([decision.scope < policy.min_scope for decision in answers.decisions])),
        max_rejected=config.max_false_rejections,
        scope_basis=policy.scope_basis,
    )


def _stages(answers: RouterAnswers) -> list[StageShare]:
    names = answers.router.scorer.stage_names
    if len(names) == 1:
        return []
    answered = [answers.scored.stages == place for place in range(len(names))]
    return [
        StageShare(
            name=name,
            share=float(rows.mean()),
            accuracy=float(answers.right[rows].mean()) if rows.any() else None,
        )
        for name, rows in zip(names, answered, strict=True)
    ]
