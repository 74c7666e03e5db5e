"""The routing tax: evidence in, what is lost where another model than the right expert answers.

Both models have answered the very same questions, so every figure is a paired difference; what chance alone
could make is called so.
"""

from collections.abc import Sequence
from math import ceil, log2
from typing import Any

import numpy as np

from tasks.evaluate.evidence import Evidence
from tasks.evaluate.intervals import NOISE, Bootstrap, Estimate, Loss, verdict
from tasks.evaluate.text_metrics import rouge_l

METHOD = (
    "each misrouted question is scored under the model that was asked and under the expert of its domain;"
    " refused questions count with the generalist's answer"
)
Json = dict[str, Any]


def routing_tax(evidence: Evidence, bootstrap: Bootstrap) -> Json:
    """Return what `router.tax` in evaluation.json holds.

    ::

        {"questions": 60,              # all held-out questions
         "misrouted": 4,               # answered by another domain's expert
         "pairs": [TAX, ...],          # where an expert of another domain answered; most expensive first
         "elsewhere": [TAX, ...],      # where no expert answered; most expensive first
         "total": QUALITY,             # the routed system against oracle routing, over all questions
         "needed": 6,                  # questions below which a pair gets no intervals
         "method": "..."}
        TAX = {"domain": "ocd",        # the right one
               "asked": "anxiety",     # the domain whose expert answered; "generalist" in `elsewhere`
               "outcome": "expert",    # "generalist" or "refused" in `elsewhere`
               "questions": 4,
               "share": {"loss": 0.01, "rouge_l": -0.002},  # of the total; all shares add up to it
               **QUALITY}
        QUALITY = {"loss": EST,              # nats an answer token, mean over questions; above 0: lost
                   "perplexity_ratio": EST,  # asked over right; above 1: lost
                   "rouge_l": EST,           # asked minus right, 0 to 1; below 0: lost
                   "within_noise": true,
                   "verdict": "no difference beyond the noise"}
        EST = {"value": 0.1, "low": 0.05, "high": 0.2}      # low, high: null with too few questions
    """
    taxes = [_tax(evidence, bootstrap, group, positions) for group, positions in _groups(evidence).items()]
    taxes.sort(key=lambda tax: -tax["share"]["loss"])
    pairs = [tax for tax in taxes if tax["outcome"] == "expert"]
    everything = range(len(evidence.questions))
    return {
        "questions": len(everything),
        "misrouted": sum(tax["questions"] for tax in pairs),
        "pairs": pairs,
        "elsewhere": [tax for tax in taxes if tax["outcome"] != "expert"],
        "total": _quality(evidence, bootstrap, everything, "the routed system", "oracle routing"),
        "needed": needed(bootstrap.confidence),
        "method": METHOD,
    }


def needed(confidence: float) -> int:
    """Return the fewest questions that can show a difference without assumptions.

    Under equal models all differences point one way with the chance 2 * 0.5**n (sign test). A bootstrap of
    fewer questions gives intervals that are far too narrow.
    """
    return ceil(1 + log2(1 / (1 - confidence)))


def _groups(evidence: Evidence) -> dict[tuple[str, str, str], list[int]]:
    """Return the questions that the right expert does not answer, by (domain, who is asked, outcome)."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    rows = zip(evidence.questions, evidence.routing.decisions, evidence.systems["real"], strict=True)
    for place, (question, decision, model) in enumerate(rows):
        if model != evidence.systems["oracle"][place]:
            group = question.domain, model.removeprefix("expert/"), decision.outcome
            groups.setdefault(group, []).append(place)
    return groups


def _tax(
    evidence: Evidence, bootstrap: Bootstrap, group: tuple[str, str, str], positions: Sequence[int]
) -> Json:
    domain, asked, outcome = group
    quality = _quality(evidence, bootstrap, positions, f"{asked}'s answers", f"{domain}'s expert")
    weight = len(positions) / len(evidence.questions)
    return {
        "domain": domain,
        "asked": asked,
        "outcome": outcome,
        "questions": len(positions),
        "share": {name: weight * quality[name]["value"] for name in ("loss", "rouge_l")},
        **quality,
    }


def _quality(
    evidence: Evidence, bootstrap: Bootstrap, positions: Sequence[int], asked: str, right: str
) -> Json:
    ours, theirs = (_losses(evidence, system, positions) for system in ("real", "oracle"))
    gaps = [_rate(mine) - _rate(other) for mine, other in zip(ours, theirs, strict=True)]
    ratio = bootstrap.perplexity_ratio(ours, theirs)
    enough = len(positions) >= needed(bootstrap.confidence)
    words = verdict(ratio, asked, right) if enough else f"too few questions to tell ({len(positions)})"
    return {
        "loss": _written(bootstrap.mean(gaps), certain=enough),
        "perplexity_ratio": _written(ratio, certain=enough),
        "rouge_l": _written(bootstrap.mean(_rouge_gaps(evidence, positions)), certain=enough),
        "within_noise": not enough or words == NOISE,
        "verdict": words,
    }


def _losses(evidence: Evidence, system: str, positions: Sequence[int]) -> list[Loss]:
    return [evidence.models[evidence.systems[system][place]].losses[place] for place in positions]


def _rate(loss: Loss) -> float:
    return loss.nats / loss.tokens


def _rouge_gaps(evidence: Evidence, positions: Sequence[int]) -> list[float]:
    references = [evidence.questions[place].reference for place in positions]
    ours, theirs = (
        rouge_l(
            [evidence.models[evidence.systems[system][place]].answers[place] for place in positions],
            references,
        )
        for system in ("real", "oracle")
    )
    return [float(gap) for gap in np.subtract(ours, theirs)]


def _written(estimate: Estimate, *, certain: bool) -> Json:
    """Return the estimate; without an interval where one would feign certainty."""
    return estimate.json() if certain else {"value": estimate.value, "low": None, "high": None}
