"""How well questions found their expert: evidence in, `router` of the report and its warnings out.

The router is judged twice: by the domain that it holds for the most probable, and by who then answers.
"""

from collections import Counter
from statistics import fmean
from typing import get_args

from tasks.evaluate.concluding.routing_tax import routing_tax
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.metrics.chosen_metrics import Scorer
from tasks.records.routing import RouterEvaluation
from tasks.router_runtime.policy import Outcome
from tasks.statistics.wilson import wilson


def router_section(evidence: Evidence, scorer: Scorer) -> RouterEvaluation:
    """Return accuracy, confusion, who answers how many questions, and the routing tax."""
    pairs = [
        (question.domain, routed)
        for question, routed in zip(evidence.questions, evidence.routing.domains, strict=True)
    ]
    right = sum(domain == routed for domain, routed in pairs)
    low, high = wilson(right, len(pairs), scorer.bootstrap.confidence)
    return RouterEvaluation(
        accuracy=right / len(pairs),
        low=low,
        high=high,
        questions=len(pairs),
        labels=list(evidence.labels),
        confusion=[[pairs.count((row, column)) for column in evidence.labels] for row in evidence.labels],
        mean_confidence=fmean(evidence.routing.confidences),
        outcomes={str(outcome): count for outcome, count in _outcomes(evidence).items()},
        tax=routing_tax(evidence, scorer),
    )


def router_warnings(evidence: Evidence) -> list[str]:
    """Return what a reader must know before trusting the routed system's figures."""
    refused, asked = _outcomes(evidence)["refused"], len(evidence.questions)
    sentence = (
        f"router: {refused} of {asked} held-out questions would be refused, though each belongs to a domain;"
        " the routed system's figures count the generalist's answers to them"
    )
    return [sentence] if refused else []


def router_finding(section: RouterEvaluation) -> str:
    """Put the routing tax into one sentence."""
    tax, outcomes, loss = section.tax, section.outcomes, section.tax.total.loss
    low, high = loss.ends
    interval = f" ({low:.3f} to {high:.3f})" if loss.bounded else ""
    return (
        f"routing: of {tax.questions} questions {tax.misrouted} went to another domain's expert,"
        f" {outcomes['generalist']} to the generalist and {outcomes['refused']} were refused; against oracle"
        f" routing this costs {loss.value:.3f} nats an answer token{interval}: {tax.total.verdict}"
    )


def _outcomes(evidence: Evidence) -> dict[Outcome, int]:
    """Return how many questions go to an expert, to the generalist, or are refused."""
    counts = Counter(decision.outcome for decision in evidence.routing.decisions)
    return {outcome: counts[outcome] for outcome in get_args(Outcome)}
