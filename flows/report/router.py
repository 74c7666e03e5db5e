"""The part of report.json that says how good the router is.

In: values from the route stage's report, its metrics and the evaluation. Out: a validated part. Everything
but the first figures is optional, because an earlier version's router has a page too.
"""

from pydantic import JsonValue

from flows.report.confidence import Bin, CalibrationSummary, Operating, OutOfScope, RiskPoint
from flows.report.figures import Part
from flows.report.robustness import Speed, StageShare, Suite
from flows.report.tax import RoutingTax


class LabelScore(Part):
    """How well one domain's questions are found."""

    precision: float
    recall: float
    f1: float
    support: int
    """Its held-out questions."""


class Split(Part):
    """What the router reaches on questions held out in one way."""

    held_out: str = ""
    """How, in words."""
    accuracy: float
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    """Wilson's 95 % interval."""
    macro_f1: float | None = None
    ece: float | None = None
    questions: int | None = None


class Leaks(Part):
    """Held-out questions that training has all but seen."""

    identical: int
    near_identical: int
    """The identical ones included."""


class Candidate(Part):
    """A router among which the kind `best` chose, on questions that none of them was fitted on."""

    kind: str
    accuracy: float | None = None
    macro_f1: float | None = None
    ece: float | None = None
    log_loss: float | None = None
    file_bytes: int | None = None
    p95_ms: float | None = None


class ConfusedPair(Part):
    """Questions of one domain that are sent to another."""

    domain: str
    routed: str
    questions: int
    share: float
    """Of the domain's questions."""


class RouterReport(Part):
    """The router on held-out questions, from passages that it never saw."""

    kind: str = ""
    """`tfidf`, `semantic`, `encoder`, `cascade`, ..."""
    accuracy: float
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    """Wilson's 95 % interval."""
    macro_f1: float
    questions: int
    """Held-out questions of all domains."""
    train_questions: int | None = None
    repeated_questions: int | None = None
    """Held-out questions that are also, word for word, training questions."""
    mean_confidence: float | None = None
    """Mean probability of the chosen domain; far from the accuracy, confidences mislead."""
    ece: float | None = None
    """Expected calibration error in bins of equal width (Guo et al. 2017)."""
    report: dict[str, LabelScore]
    labels: list[str]
    confusion: list[list[int]]
    """One row for each true domain, one column for each chosen one, in the order of `labels`."""
    stratified_accuracy: float | None = None
    """The reference recipe's figure, 80/20 by question: both sides share passages, so it flatters."""
    splits: dict[str, Split] = {}
    """`leak_free` and `leaky_8020`, side by side."""
    leaks: Leaks | None = None
    calibration: CalibrationSummary | None = None
    note: str = ""
    notes: dict[str, JsonValue] = {}
    """What fitting left."""
    candidates: list[Candidate] = []
    """Among which the kind `best` chose."""
    reliability: list[Bin] = []
    risk_coverage: list[RiskPoint] = []
    aurc: float | None = None
    """Area under that curve: the share misrouted, averaged over how many are answered."""
    operating: Operating | None = None
    out_of_scope: OutOfScope | None = None
    """None: no questions out of scope were given."""
    out_of_scope_note: str = ""
    """What can be claimed then."""
    suites: list[Suite] = []
    stages: list[StageShare] = []
    """Of a cascade."""
    speed: Speed | None = None
    tax: RoutingTax | None = None

    def confused(self) -> list[ConfusedPair]:
        """Return every pair of domains that the router confuses, most frequent first."""
        found = [
            ConfusedPair(domain=here, routed=there, questions=count, share=count / (sum(counts) or 1))
            for here, counts in zip(self.labels, self.confusion, strict=False)
            for there, count in zip(self.labels, counts, strict=False)
            if count and here != there
        ]
        return sorted(found, key=lambda pair: (-pair.questions, -pair.share, pair.domain, pair.routed))
