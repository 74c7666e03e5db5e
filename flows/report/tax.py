"""The parts of report.json that say what misrouted questions cost the whole system.

In: `router.tax` of the evaluation's file. Out: validated parts, gathered by `flows.report.router`.
"""

from flows.report.figures import Interval, Part


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
