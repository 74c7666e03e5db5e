"""How well questions found their expert, and what it costs where they did not, as the evaluation says it."""

from tasks.records.estimate import AnswerScores, Estimate
from tasks.records.files import Figures


class Quality(AnswerScores):
    """What is lost where another model than the right expert answers; scores below 0 are lost."""

    loss: Estimate
    """Nats a token of the reference answers, mean over the questions; above 0: lost."""
    perplexity_ratio: Estimate
    """Asked over right; above 1: lost."""
    within_noise: bool
    verdict: str


class Tax(Quality):
    """The loss on the questions of one domain that one other model answered."""

    domain: str
    """The right one."""
    asked: str
    """The domain whose expert answered, or `generalist`."""
    outcome: str
    """`expert`; where no expert answered, `generalist` or `refused`."""
    questions: int
    share: dict[str, float]
    """Of the total, by measure; all shares add up to it."""


class RoutingTax(Figures):
    """Quality lost by sending questions elsewhere than to their own expert."""

    questions: int
    misrouted: int
    """Questions that another domain's expert answered."""
    pairs: list[Tax]
    """Where an expert of another domain answered, dearest first."""
    elsewhere: list[Tax]
    """Where no expert answered, dearest first."""
    total: Quality
    """The routed system against oracle routing, over all questions."""
    needed: int
    """Questions below which there are no intervals."""
    method: str


class RouterEvaluation(Figures):
    """How well questions found their expert."""

    accuracy: float
    low: float
    high: float
    """Wilson's interval."""
    questions: int
    labels: list[str]
    confusion: list[list[int]]
    """One row for each true domain, one column for each chosen one, in the order of `labels`."""
    mean_confidence: float
    outcomes: dict[str, int]
    """Questions that an expert answers, that the generalist answers, and that are refused."""
    tax: RoutingTax
