"""The routing tax: evidence in, what is lost where another model than the right expert answers.

Both models have answered the very same questions, so every figure is a paired difference; what chance alone
could make is called so.
"""

from collections.abc import Sequence

from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.metrics.chosen_metrics import Scorer
from tasks.records.estimate import Estimate
from tasks.records.routing import Quality, RoutingTax, Tax
from tasks.statistics.bootstrap import NOISE, Loss, verdict

METHOD = (
    "each misrouted question is scored under the model that was asked and under the expert of its domain;"
    " refused questions count with the generalist's answer"
)


def routing_tax(evidence: Evidence, scorer: Scorer) -> RoutingTax:
    """Return what routing loses, by who answered in place of whom and altogether."""
    taxes = [_tax(evidence, scorer, group, positions) for group, positions in _groups(evidence).items()]
    taxes.sort(key=lambda tax: -tax.share["loss"])
    pairs = [tax for tax in taxes if tax.outcome == "expert"]
    everything = range(len(evidence.questions))
    return RoutingTax(
        questions=len(everything),
        misrouted=sum(tax.questions for tax in pairs),
        pairs=pairs,
        elsewhere=[tax for tax in taxes if tax.outcome != "expert"],
        total=_quality(evidence, scorer, everything, "the routed system", "oracle routing"),
        needed=scorer.bootstrap.fewest,
        method=METHOD,
    )


def _groups(evidence: Evidence) -> dict[tuple[str, str, str], list[int]]:
    """Return the questions that the right expert does not answer, by (domain, who is asked, outcome)."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    rows = zip(evidence.questions, evidence.routing.decisions, evidence.systems["real"], strict=True)
    for place, (question, decision, model) in enumerate(rows):
        if model != evidence.systems["oracle"][place]:
            group = question.domain, model.removeprefix("expert/"), decision.outcome
            groups.setdefault(group, []).append(place)
    return groups


def _tax(evidence: Evidence, scorer: Scorer, group: tuple[str, str, str], positions: Sequence[int]) -> Tax:
    domain, asked, outcome = group
    quality = _quality(evidence, scorer, positions, f"{asked}'s answers", f"{domain}'s expert")
    weight = len(positions) / len(evidence.questions)
    measured = {"loss": quality.loss, **quality.scores}
    return Tax(
        domain=domain,
        asked=asked,
        outcome=outcome,
        questions=len(positions),
        share={name: weight * estimate.value for name, estimate in measured.items()},
        **dict(quality),
    )


def _quality(evidence: Evidence, scorer: Scorer, positions: Sequence[int], asked: str, right: str) -> Quality:
    bootstrap = scorer.over(evidence.asked(positions))
    ours, theirs = (_losses(evidence, system, positions) for system in ("real", "oracle"))
    gaps = [_rate(mine) - _rate(other) for mine, other in zip(ours, theirs, strict=True)]
    ratio = bootstrap.perplexity_ratio(ours, theirs)
    asked_said, right_said = (evidence.system_answers(system, positions) for system in ("real", "oracle"))
    samples = evidence.system_samples("real", positions), evidence.system_samples("oracle", positions)
    gains = scorer.gains(asked_said, right_said, evidence.asked(positions), samples)
    measured = {"loss": bootstrap.mean(gaps), "perplexity_ratio": ratio, **gains}
    enough = len(positions) >= bootstrap.fewest
    words = verdict(ratio, asked, right) if enough else f"too few questions to tell ({len(positions)})"
    return Quality(
        within_noise=not enough or words == NOISE,
        verdict=words,
        **{name: _certain(estimate, enough=enough) for name, estimate in measured.items()},
    )


def _losses(evidence: Evidence, system: str, positions: Sequence[int]) -> list[Loss]:
    return [evidence.models[evidence.systems[system][place]].losses[place] for place in positions]


def _rate(loss: Loss) -> float:
    return loss.nats / loss.tokens


def _certain(estimate: Estimate, *, enough: bool) -> Estimate:
    """Return the estimate; without an interval where one would feign certainty."""
    return estimate if enough else Estimate(value=estimate.value)
