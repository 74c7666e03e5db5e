"""The parts of report.json that say how honest the router's confidence is.

In: values from the route stage's report. Out: validated parts, gathered by `flows.report.router`.
"""

from flows.report.figures import Part


class Bin(Part):
    """Questions with about the same probability of the chosen domain."""

    confidence: float
    """Its mean."""
    accuracy: float
    """Share that reach their own expert."""
    questions: int


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


class CalibrationSummary(Part):
    """How scores became probabilities."""

    method: str
    """`temperature`, `isotonic`, or `none` where the kind's own probabilities are kept."""
    scale: float | None = None
    """Factor of the scores: the inverse of the temperature."""
    knots: int | None = None
    """Of the isotonic regression."""
