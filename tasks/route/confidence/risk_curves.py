"""How honest confidence is, as curves and figures: what a router said of test questions in, records out.

Each curve comes thinned to what a chart can show; the figures beside it are of all questions.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from tasks.records.router import Bin, OutOfScope, Recall, RiskPoint
from tasks.router_runtime.question_scores import Floats

Right = NDArray[np.bool_]
BINS = 15
LOSSES = (0.01, 0.02, 0.04, 0.05)
"""Shares of the questions in scope that may be rejected where recall is told."""
_POINTS = 100


def reliability(confidence: Floats, right: Right) -> list[Bin]:
    """Return the reliability diagram: 15 bins of equal width (Guo et al. 2017), without the empty ones."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    sums = (np.bincount(bins, values, BINS) for values in (confidence, right))
    return [
        Bin(confidence=float(sure / count), accuracy=float(correct / count), questions=int(count))
        for count, sure, correct in zip(counts, *sums, strict=True)
        if count
    ]


def risk_coverage(confidence: Floats, right: Right) -> tuple[list[RiskPoint], float]:
    """Return the risk-coverage curve, 100 points at most, and the area under the whole of it.

    The area is the mean risk over the coverages (Geifman, Uziel and El-Yaniv 2019).
    """
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order]
    risks = np.cumsum(~right[order]) / np.arange(1, len(sure) + 1)
    # Questions of one confidence are answered together or not at all.
    last = np.flatnonzero(np.append(sure[1:] != sure[:-1], True))
    shown = last[np.unique(np.linspace(0, len(last) - 1, _POINTS).round().astype(int))]
    area = float(np.average(risks[last], weights=np.diff(last, prepend=-1)))
    points = [
        RiskPoint(threshold=float(sure[at]), coverage=(int(at) + 1) / len(sure), risk=float(risks[at]))
        for at in shown
    ]
    return points, area


def scope_figures(
    inside: Floats, outside: Floats, right: Right, min_scope: float, learned_from: str
) -> OutOfScope:
    """Return figures of both sides' chances of being in scope; `right`: those in scope routed right."""
    truth = np.repeat([0, 1], [len(inside), len(outside)])
    scores = -np.concatenate([inside, outside])
    losses, recalls, _ = roc_curve(truth, scores)
    kept = inside >= min_scope
    chosen = Recall(loss=float(1 - kept.mean()), recall=float((outside < min_scope).mean()))
    return OutOfScope(
        questions=len(outside),
        auroc=float(roc_auc_score(truth, scores)),
        recalls=[Recall(loss=loss, recall=float(recalls[losses <= loss].max())) for loss in LOSSES],
        chosen=chosen if min_scope > 0 else None,
        in_scope_accuracy=float((kept & right).mean()),
        learned_from=learned_from,
    )
