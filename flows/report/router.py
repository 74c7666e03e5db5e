"""The part of report.json that says how good the router is.

In: values from the route stage's report, its metrics and the evaluation. Out: a validated part. Everything
but the first figures is optional, because an earlier version's router has a page too.
"""

from pydantic import JsonValue

from flows.report.figures import Interval, Part


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


class Bin(Part):
    """Questions with about the same probability of the chosen domain."""

    confidence: float
    """Its mean."""
    accuracy: float
    """Share that reach their own expert."""
    questions: int


class CalibrationSummary(Part):
    """How scores became probabilities."""

    method: str
    """`temperature`, `isotonic`, or `none` where the kind's own probabilities are kept."""
    scale: float | None = None
    """Factor of the scores: the inverse of the temperature."""
    knots: int | None = None
    """Of the isotonic regression."""


class RiskPoint(Part):
    """What a threshold would reach."""

    threshold: float
    """Least probability at which an expert answers."""
    coverage: float
    """Share of the questions that an expert answers."""
    risk: float
    """Share of those that go to a wrong expert."""


class Operating(RiskPoint):
    """The thresholds that the router was saved with, and what they reach on held-out questions."""

    target: float | None = None
    """The share of the answered questions that may go to a wrong expert; None: no threshold was asked for."""
    risk_low: float | None = None
    risk_high: float | None = None
    """Wilson's 95 % interval."""
    basis: str = ""
    """What the threshold promises, and on what it rests."""
    min_scope: float | None = None
    """Least chance of being in scope at which a question is answered."""
    rejected: float | None = None
    """Share of the held-out questions, all of them in scope, that are held for out of scope."""
    max_rejected: float | None = None
    """Share that may be; None: no threshold was asked for."""
    scope_basis: str = ""


class Recall(Part):
    """How many questions of no domain are seen at a price."""

    loss: float
    """Share of the questions in scope that are taken for out of scope."""
    recall: float
    """Share of the questions out of scope that are seen."""


class OutOfScope(Part):
    """How well questions that belong to no domain are told from the others."""

    auroc: float | None = None
    """Chance that a question in scope looks more in scope than one that is not."""
    questions: int | None = None
    """Held-out questions out of scope."""
    recalls: list[Recall] = []
    """At fixed prices."""
    chosen: Recall | None = None
    """At the threshold that the router was saved with."""
    in_scope_accuracy: float | None = None
    """Share of the questions in scope that are kept there and routed right."""
    learned_from: str = ""
    """What told the router."""


class Quality(Part):
    """What is lost where another model than the right expert answers, each figure with its interval."""

    loss: Interval | None = None
    """Nats a token of the reference answers, mean over the questions; above 0: lost."""
    perplexity_ratio: Interval | None = None
    """Above 1: lost."""
    rouge_l: Interval | None = None
    """Below 0: lost."""
    within_noise: bool = False
    verdict: str = ""


class Tax(Quality):
    """The loss on the questions of one domain that one other model answered."""

    domain: str
    asked: str
    """The domain whose expert answered, or `generalist`."""
    outcome: str = "expert"
    questions: int
    share: dict[str, float] = {}
    """Of the whole loss, by measure."""


class RoutingTax(Part):
    """Quality lost by sending questions elsewhere than to their own expert."""

    questions: int | None = None
    misrouted: int | None = None
    """Questions that another domain's expert answered."""
    total: Quality | None = None
    """The routed system against oracle routing, over all questions."""
    pairs: list[Tax] = []
    """Where an expert of another domain answered, dearest first."""
    elsewhere: list[Tax] = []
    """Where no expert answered."""
    needed: int | None = None
    """Questions below which there are no intervals."""
    method: str = ""


class Speed(Part):
    """What routing costs on the machine of this run."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    """For one question alone, in process."""
    mean_ms: float | None = None
    """For a question, whoever answers."""
    queries_per_second: float | None = None
    """Asked in batches."""
    peak_memory_bytes: int | None = None
    file_bytes: int | None = None


class StageShare(Part):
    """One stage of a cascade."""

    name: str
    share: float
    """Of the questions, answered here."""
    accuracy: float | None = None
    """Of those."""
    ms: float | None = None
    """For a question that it answers, with the stages before."""


class Astray(Part):
    """A question of a suite that went to a wrong expert."""

    question: str
    clean: list[str] = []
    """What it was made of."""
    domains: list[str]
    """Where it belongs."""
    routed: list[str]
    confidence: float | None = None


class Suite(Part):
    """The same questions before and after a change that should not matter."""

    name: str
    right: str = ""
    """What counts as right."""
    questions: int
    clean_accuracy: float | None = None
    """Before the change."""
    accuracy: float
    """And after it."""
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    """Wilson's 95 % interval."""
    bar: float | None = None
    """Least accuracy that the configuration asks for."""
    forms: dict[str, float] = {}
    """Accuracy by how the questions were changed."""
    worst: list[Astray] = []

    @property
    def passed(self) -> bool | None:
        """Whether it clears its bar; None without one."""
        return None if self.bar is None else self.accuracy >= self.bar


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
