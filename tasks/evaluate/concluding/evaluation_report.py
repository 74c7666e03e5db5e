"""Draw the conclusions: evidence in, the evaluation out.

Experts, generalist and base are compared on the same resampled questions, and each comparison ends in plain
words.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean

import numpy as np

from tasks.evaluate.concluding.edge_report import edge_runtime, edge_warnings
from tasks.evaluate.concluding.router_report import router_finding, router_section, router_warnings
from tasks.evaluate.concluding.yardsticks import compared, on_yardstick
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.evidence import Evidence
from tasks.evaluate.measuring.questions import RECALL, TRANSFER, passages
from tasks.evaluate.measuring.systems import GENERALIST
from tasks.evaluate.metrics.chosen_metrics import Scorer
from tasks.records.edge import Sizes
from tasks.records.estimate import Estimate
from tasks.records.evaluation import (
    Comparison,
    DomainEvaluation,
    Evaluation,
    Latency,
    Memory,
    OnYardstick,
    SystemComparison,
    SystemEvaluation,
)

_NAMED = 5
"""Ids of questions that a warning names."""


def evaluation(evidence: Evidence, config: EvaluateConfig, scorer: Scorer) -> Evaluation:
    """Return everything the report says; a pure function of evidence, config and metrics."""
    evidence, recall = evidence.part(TRANSFER), evidence.part(RECALL)
    domains = {domain: _domain(evidence, recall, domain, scorer) for domain in evidence.domains()}
    router = router_section(evidence, scorer)
    return Evaluation(
        domains=domains,
        systems={system: _system(evidence, system, scorer) for system in evidence.systems},
        comparison={
            "real_vs_generalist": _against(evidence, scorer, "generalist", "generalist"),
            "real_vs_oracle": _against(evidence, scorer, "oracle", "oracle routing"),
        },
        router=router,
        memory=Memory(peak_bytes=evidence.peak_bytes),
        settings=config.model_dump(mode="json"),
        warnings=[
            *_left_out(evidence, config),
            *_trained_on(evidence),
            *_few_passages("", evidence, scorer),
            *_few_passages(", recall", recall, scorer),
            *router_warnings(evidence),
            *edge_warnings(evidence, scorer, config),
        ],
        findings=[*_findings(domains), router_finding(router)],
    )


def _left_out(evidence: Evidence, config: EvaluateConfig) -> Iterator[str]:
    """Name the questions that no model could be given whole."""
    named: dict[str, list[str]] = {}
    for question in evidence.too_long:
        named.setdefault(question.domain, []).append(question.id)
    for domain, ids in named.items():
        yield (
            f"{domain}: left out {_counted(ids)} longer than `max_length`, {config.max_length} tokens; raise"
            " it to measure them"
        )


def _trained_on(evidence: Evidence) -> Iterator[str]:
    """Name the questions that would be asked of those who know the answer from another domain."""
    for other, questions in evidence.trained_on.items():
        for domain in dict.fromkeys(question.domain for question in questions):
            ids = [question.id for question in questions if question.domain == domain]
            yield (
                f"{domain}: left out {_counted(ids)} whose text {other} trains on; give the document that"
                " both have to one of them"
            )


def _few_passages(yardstick: str, evidence: Evidence, scorer: Scorer) -> Iterator[str]:
    """Name the domains whose intervals are over questions because they have too few passages."""
    for domain in evidence.domains() if scorer.resampled == "passages" else ():
        questions = evidence.asked(evidence.of_domain(domain))
        count, needed = len(set(passages(questions))), scorer.bootstrap.fewest
        if count < min(needed, len(questions)):
            yield (
                f"{domain}{yardstick}: the {len(questions)} held-out questions stand on {count} passages,"
                f" fewer than {needed}, so its intervals are drawn over questions and say nothing of other"
                " passages; add documents, or lower `ingest.passage_words`"
            )


def _counted(ids: list[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{len(ids)} held-out question{'s' * (len(ids) > 1)} ({', '.join(ids[:_NAMED])}{more})"


def _domain(evidence: Evidence, recall: Evidence, domain: str, scorer: Scorer) -> DomainEvaluation:
    measured = on_yardstick(evidence, domain, scorer)
    return DomainEvaluation.model_validate(
        {
            **dict(measured or {}),
            "recall": on_yardstick(recall, domain, scorer),
            "sizes": evidence.sizes.get(domain, Sizes()),
            "edge": edge_runtime(evidence, domain, scorer),
            "chain": list(evidence.chains.get(domain, ())),
        }
    )


def _system(evidence: Evidence, system: str, scorer: Scorer) -> SystemEvaluation:
    return SystemEvaluation(
        perplexity=scorer.over(evidence.questions).perplexity(evidence.system_losses(system)),
        latency_ms=_latency(evidence, system),
        **scorer.scores(evidence.system_answers(system), evidence.asked(), evidence.system_samples(system)),
    )


def _latency(evidence: Evidence, system: str) -> Latency:
    timed = sorted(evidence.models[GENERALIST].latencies_ms)
    routing = [evidence.routing.milliseconds[place] if system == "real" else 0.0 for place in timed]
    generating = [evidence.models[evidence.systems[system][place]].latencies_ms[place] for place in timed]
    whole = np.add(routing, generating)
    return Latency(
        mean=float(whole.mean()),
        p50=float(np.quantile(whole, 0.5)),
        p95=float(np.quantile(whole, 0.95)),
        routing_mean=fmean(routing),
        questions=len(timed),
    )


def _against(evidence: Evidence, scorer: Scorer, theirs: str, their_name: str) -> SystemComparison:
    ours, other = (evidence.system_losses(system) for system in ("real", theirs))
    answers, others = (evidence.system_answers(system) for system in ("real", theirs))
    samples = evidence.system_samples("real"), evidence.system_samples(theirs)
    gains = scorer.gains(answers, others, evidence.asked(), samples)
    return SystemComparison(
        perplexity=compared(scorer.over(evidence.questions), ours, other, "routed experts", their_name),
        **{f"{name}_difference": gain for name, gain in gains.items()},
    )


def _findings(domains: Mapping[str, DomainEvaluation]) -> list[str]:
    return [
        sentence
        for domain, part in domains.items()
        for name, measured in ((f"{domain}, recall", part.recall), (domain, part))
        if measured
        for sentence in _sentences(name, measured)
    ]


def _sentences(name: str, part: OnYardstick) -> Iterator[str]:
    measured, facts = part.perplexity, part.key_facts
    yield _sentence(name, part, "generalist", measured.generalist, part.comparison)
    yield _sentence(name, part, "base", measured.base, part.comparison_with_base)
    if facts:
        low, high = facts.gain.ends
        yield (
            f"{name}: of {facts.questions} key facts {facts.expert.value:.0%} are right (expert),"
            f" {facts.generalist.value:.0%} (generalist), {facts.base.value:.0%} (base); expert over base"
            f" {facts.gain.value:+.0%} ({low:+.0%} to {high:+.0%})"
        )


def _sentence(name: str, part: OnYardstick, other: str, theirs: Estimate, paired: Comparison) -> str:
    low, high = paired.ratio.ends
    return (
        f"{name}: perplexity {part.perplexity.expert.value:.2f} (expert) against {theirs.value:.2f}"
        f" ({other}), ratio {paired.ratio.value:.3f} ({low:.3f} to {high:.3f}): {paired.verdict}"
    )
