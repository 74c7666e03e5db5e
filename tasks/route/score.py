"""Score a router: a `Router` and labelled questions in, the figures of report.json out.

Two figures with two meanings: held-out questions come from passages that training never
saw; the reference recipe's stratified split draws by question, so its sides share passages
and it flatters the router. Both are reported, each under its own name.
"""

from collections import Counter
from math import sqrt

import numpy as np
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split

from tasks.records import Record
from tasks.route.config import LinearRouter
from tasks.route.fit import fit_router
from tasks.route.questions import Questions
from tasks.router import Router

Z_95 = 1.959964
_BINS = 15


class LabelScore(Record):
    """How well one domain's questions are found."""

    precision: float
    recall: float
    f1: float
    support: int
    """Its questions."""


class Scores(Record):
    """A router's figures on a set of questions."""

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    """Wilson's 95 % interval."""
    macro_f1: float
    mean_confidence: float
    """Mean probability of the chosen domain; far from the accuracy, confidences mislead."""
    ece: float
    """Expected calibration error in 15 bins of equal width (Guo et al. 2017)."""
    questions: int
    report: dict[str, LabelScore]
    labels: list[str]
    confusion: list[list[int]]
    """One row for each true domain, one column for each chosen one, in the order of `labels`."""


class Routed(Record):
    """A held-out question and where it went."""

    id: str
    question: str
    domain: str
    """Where it belongs."""
    routed: str
    """Where the router sends it."""
    probabilities: dict[str, float]


def score_router(router: Router, questions: Questions) -> Scores:
    """Return accuracy with its interval, macro F1, per-domain report and confusion matrix."""
    predicted, probabilities = router.predict(list(questions.texts))
    labels = list(router.labels)
    table = classification_report(
        questions.labels, predicted, labels=labels, output_dict=True, zero_division=0.0
    )
    correct = sum(map(str.__eq__, predicted, questions.labels))
    low, high = wilson(correct, len(predicted))
    return Scores(
        accuracy=correct / len(predicted),
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=table["macro avg"]["f1-score"],
        mean_confidence=float(probabilities.max(axis=1).mean()),
        ece=calibration_error(probabilities.max(axis=1), np.equal(predicted, questions.labels)),
        questions=len(predicted),
        report={label: _row(table[label]) for label in labels},
        labels=labels,
        confusion=_confusion(questions.labels, predicted, router.labels),
    )


def routed_questions(router: Router, questions: Questions) -> list[Routed]:
    """Return where each question goes, with the probability of every domain."""
    predicted, probabilities = router.predict(list(questions.texts))
    columns = zip(questions.ids, questions.texts, questions.labels, predicted, probabilities, strict=True)
    return [
        Routed(
            id=name,
            question=text,
            domain=domain,
            routed=routed,
            probabilities={
                label: round(float(share), 6) for label, share in zip(router.labels, row, strict=True)
            },
        )
        for name, text, domain, routed, row in columns
    ]


def stratified_scores(questions: Questions, config: LinearRouter) -> Scores:
    """Fit on a stratified share of the questions, score on the rest: the reference recipe's figure."""
    sides = train_test_split(
        np.arange(len(questions.texts)),
        test_size=config.test_share,
        stratify=questions.labels,
        random_state=config.seed,
    )
    train, test = (questions.at(sorted(side.tolist())) for side in sides)
    return score_router(fit_router(train, config), test)


def wilson(correct: int, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share: sensible for few questions and for shares near 0 and 1."""
    share, weight = correct / total, Z_95**2 / total
    centre = share + weight / 2
    half = Z_95 * sqrt(share * (1 - share) / total + weight / (4 * total))
    return max(0.0, (centre - half) / (1 + weight)), min(1.0, (centre + half) / (1 + weight))


def calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """Return how far confidence and accuracy lie apart, on average over the questions."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, confidence - correct, _BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _confusion(actual: tuple[str, ...], chosen: list[str], labels: tuple[str, ...]) -> list[list[int]]:
    counts = Counter(zip(actual, chosen, strict=True))
    return [[counts[row, column] for column in labels] for row in labels]


def _row(row: dict[str, float]) -> LabelScore:
    return LabelScore(
        precision=row["precision"], recall=row["recall"], f1=row["f1-score"], support=int(row["support"])
    )
