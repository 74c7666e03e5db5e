"""What a router reaches on held-out questions: `report.json` of the route stage.

Figures alone that equal routers share: no time and no memory, so that equal runs write equal bytes.
"""

from pathlib import Path
from typing import Self

from pydantic import JsonValue, TypeAdapter, model_validator

from tasks.records.ambiguous import Ambiguous
from tasks.records.files import Figures, read_json, write_json

FILE = "report.json"


class LabelScore(Figures):
    """How well one domain's questions are found."""

    precision: float
    recall: float
    f1: float
    support: int
    """Its questions."""


class Bin(Figures):
    """Questions with about the same probability of the chosen domain."""

    confidence: float
    """Its mean."""
    accuracy: float
    questions: int


class RiskPoint(Figures):
    """What a threshold would reach."""

    threshold: float
    """Least probability at which an expert answers."""
    coverage: float
    """Share of the questions that an expert answers."""
    risk: float
    """Share of those that go to the wrong expert."""


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


class StageShare(Figures):
    """What one stage of a cascade answers."""

    name: str
    share: float
    """Of the questions."""
    accuracy: float | None
    """Of those; none: it answers none."""


class Scores(Figures):
    """A router's figures on a set of questions."""

    accuracy: float
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    """Wilson's 95 % interval."""
    macro_f1: float
    mean_confidence: float | None = None
    """Mean probability of the chosen domain; far from the accuracy, confidences mislead."""
    ece: float | None = None
    """Expected calibration error in 15 bins of equal width (Guo et al. 2017)."""
    aurc: float | None = None
    """Area under the risk-coverage curve: the share misrouted, averaged over how many are answered."""
    questions: int
    report: dict[str, LabelScore]
    labels: list[str]
    confusion: list[list[int]]
    """One row for each true domain, one column for each chosen one, in the order of `labels`."""
    reliability: list[Bin] = []
    risk_coverage: list[RiskPoint] = []
    operating: Operating | None = None
    stages: list[StageShare] = []
    """Of a cascade; empty where there is one stage."""


class Split(Figures):
    """What a router reaches on questions held out in one way."""

    held_out: str
    """How, in words."""
    accuracy: float
    accuracy_low: float | None
    accuracy_high: float | None
    """Wilson's 95 % interval."""
    macro_f1: float
    ece: float | None
    questions: int


class Leaks(Figures):
    """Test questions that training has all but seen."""

    identical: int
    near_identical: int
    """The identical ones included."""


class CalibrationSummary(Figures):
    """How scores became probabilities."""

    method: str
    """`temperature`, `isotonic`, or `none` where the kind's own probabilities are kept."""
    scale: float
    """Factor of the scores: the inverse of the temperature."""
    knots: int
    """Of the isotonic regression."""


class Recall(Figures):
    """How many questions of no domain are seen at a price."""

    loss: float
    """Share of the questions in scope that are held for out of scope."""
    recall: float
    """Share of the questions out of scope that are seen."""


class OutOfScope(Figures):
    """How well questions of no domain are told from the others."""

    questions: int
    """Test questions out of scope."""
    auroc: float
    """Chance that a question in scope looks more in scope than one that is not."""
    recalls: list[Recall]
    """At fixed prices; the thresholds are those of the test questions."""
    chosen: Recall | None
    """At the threshold that was saved with the router, which knows no test question; none: it sets none."""
    in_scope_accuracy: float
    """Share of the questions in scope that are kept there and routed right."""
    learned_from: str
    """What told the router."""


class Misrouted(Figures):
    """A changed question that did not find its domain."""

    question: str
    clean: list[str]
    """What it was made of."""
    domains: list[str]
    """Where it belongs."""
    routed: list[str]
    """As many domains as it belongs to, as the router orders them."""
    confidence: float
    """Probability of the first of them."""


class SuiteScore(Figures):
    """How well a router stands one manner of change."""

    name: str
    right: str
    """What counts as right."""
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    """Wilson's 95 % interval."""
    clean_accuracy: float
    """Of the same questions before they were changed; where a case is made of two, both must be right."""
    questions: int
    forms: dict[str, float] = {}
    """Accuracy by how the questions were changed."""
    worst: list[Misrouted]
    """The misrouted questions of which the router was surest, three at most."""


class CandidateFigures(Figures):
    """What a candidate of the kind `best` reaches on held-out questions, and what it costs."""

    kind: str
    accuracy: float
    macro_f1: float
    ece: float
    log_loss: float
    file_bytes: int
    p95_ms: float | None
    """Measured where it is limited; no two measurements are the same."""


class RouterReport(Scores):
    """The shipped router on all test questions, and what else a reader must know of it."""

    kind: str = ""
    """`tfidf`, `semantic`, `encoder`, `cascade`, ..."""
    notes: dict[str, JsonValue] = {}
    """What fitting left, such as the candidates of `best` and their figures."""
    train_questions: int | None = None
    repeated_questions: int | None = None
    """Test questions that are word for word among the training and validation questions."""
    leaks: Leaks | None = None
    ambiguous: Ambiguous | None = None
    splits: dict[str, Split] = {}
    """`leak_free` and `leaky_8020`, side by side, and `unambiguous` and `ambiguous` where both are known."""
    stratified_8020: Scores | None = None
    """All figures of `leaky_8020`."""
    calibration: CalibrationSummary | None = None
    out_of_scope: OutOfScope | None = None
    """None: no test questions of no domain were given."""
    out_of_scope_note: str = ""
    """What can be claimed then."""
    suites: list[SuiteScore] = []
    note: str = ""

    def candidates(self) -> list[CandidateFigures]:
        """Return the routers among which the kind `best` chose."""
        best = self.notes.get("best")
        rows = best.get("candidates") if isinstance(best, dict) else None
        return TypeAdapter(list[CandidateFigures]).validate_python(rows or [])

    @model_validator(mode="after")
    def _candidates_have_figures(self) -> Self:
        self.candidates()
        return self


def write_router_report(folder: Path, report: RouterReport) -> None:
    """Write a router's `report.json`."""
    write_json(folder / FILE, report.model_dump(mode="json"))


def read_router_report(router: Path) -> RouterReport:
    """Return a router's figures; raise DataError with file and field where they are damaged."""
    return read_json(router / FILE, RouterReport)
