"""What a router reaches on labelled questions: values alone, made by `tasks.route.measure.score`."""

from tasks.records.files import Record
from tasks.route.confidence.curves import Bin, RiskPoint


class LabelScore(Record):
    """How well one domain's questions are found."""

    precision: float
    recall: float
    f1: float
    support: int
    """Its questions."""


class StageShare(Record):
    """What one stage of a cascade answers."""

    name: str
    share: float
    """Of the questions."""
    accuracy: float | None
    """Of those; none: it answers none."""


class Operating(RiskPoint):
    """The thresholds that the router was saved with, and what they reach: who answers, and how rightly."""

    risk_low: float
    risk_high: float
    """Wilson's 95 % interval."""
    target: float | None
    """Share of the answered questions that may go to the wrong expert; none: no threshold was set."""
    basis: str
    """What the threshold promises, and on how many held-out questions it rests."""
    min_scope: float
    """Least chance of being in scope at which a question is answered."""
    rejected: float
    """Share of these questions, all of them in scope, that are held for out of scope."""
    max_rejected: float | None
    """Share that may be; none: no threshold was set."""
    scope_basis: str


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
    aurc: float
    """Area under the risk-coverage curve: the share misrouted, averaged over how many are answered."""
    questions: int
    report: dict[str, LabelScore]
    labels: list[str]
    confusion: list[list[int]]
    """One row for each true domain, one column for each chosen one, in the order of `labels`."""
    reliability: list[Bin]
    risk_coverage: list[RiskPoint]
    operating: Operating
    stages: list[StageShare]
    """Of a cascade; empty where there is one stage."""
