"""Draw the conclusions: evidence in, the contents of evaluation.json out.

Every estimate is `{value, low, high}`. Experts, generalist and base are compared on the
same resampled questions, and each comparison ends in plain words.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.edge_report import edge_sections, edge_warnings
from tasks.evaluate.evidence import Evidence
from tasks.evaluate.intervals import Bootstrap, Loss, verdict
from tasks.evaluate.router_report import router_finding, router_section, router_warnings
from tasks.evaluate.systems import BASE, GENERALIST, expert
from tasks.evaluate.text_metrics import bleu, rouge_l

SCHEMA = "pocketmoe-evaluation-1"
Json = dict[str, Any]


def evaluation(evidence: Evidence, config: EvaluateConfig) -> Json:
    """Return everything the report says; a pure function of evidence and config."""
    bootstrap = Bootstrap(config.bootstrap_samples, config.confidence, config.seed)
    domains = {domain: _domain(evidence, domain, bootstrap) for domain in evidence.domains()}
    for domain, sections in edge_sections(evidence, bootstrap).items():
        domains[domain] |= sections
    router = router_section(evidence, bootstrap)
    return {
        "schema": SCHEMA,
        "domains": domains,
        "systems": {system: _system(evidence, system, bootstrap) for system in evidence.systems},
        "comparison": _systems_compared(evidence, bootstrap),
        "router": router,
        "memory": {"peak_bytes": evidence.peak_bytes},
        "settings": config.model_dump(mode="json"),
        "warnings": [*router_warnings(evidence), *edge_warnings(evidence, bootstrap, config)],
        "findings": [*_findings(domains), router_finding(router)],
    }


def _domain(evidence: Evidence, domain: str, bootstrap: Bootstrap) -> Json:
    positions = evidence.of_domain(domain)
    models = {"base": BASE, "expert": expert(domain), "generalist": GENERALIST}
    losses = {role: evidence.losses(model, positions) for role, model in models.items()}
    return {
        "questions": len(positions),
        "answer_tokens": sum(loss.tokens for loss in losses["expert"]),
        "perplexity": {role: bootstrap.perplexity(found).json() for role, found in losses.items()},
        "comparison": compared(bootstrap, losses["expert"], losses["generalist"], "expert", "generalist"),
        "comparison_with_base": compared(bootstrap, losses["expert"], losses["base"], "expert", "base model"),
        "sizes": dict(evidence.sizes.get(domain, {})),
    }


def compared(
    bootstrap: Bootstrap, ours: Sequence[Loss], theirs: Sequence[Loss], our_name: str, their_name: str
) -> Json:
    """Return the paired comparison of two models' perplexity, with its verdict."""
    ratio = bootstrap.perplexity_ratio(ours, theirs)
    return {
        "ratio": ratio.json(),
        "difference": bootstrap.perplexity_difference(ours, theirs).json(),
        "verdict": verdict(ratio, our_name, their_name),
    }


def _system(evidence: Evidence, system: str, bootstrap: Bootstrap) -> Json:
    answers, references = evidence.system_answers(system), evidence.references()
    return {
        "perplexity": bootstrap.perplexity(evidence.system_losses(system)).json(),
        "rouge_l": bootstrap.mean(rouge_l(answers, references)).json(),
        "bleu": bleu(answers, references),
        "latency_ms": _latency(evidence, system),
    }


def _latency(evidence: Evidence, system: str) -> Json:
    timed = sorted(evidence.models[GENERALIST].latencies_ms)
    routing = [evidence.routing.milliseconds[place] if system == "real" else 0.0 for place in timed]
    generating = [evidence.models[evidence.systems[system][place]].latencies_ms[place] for place in timed]
    whole = np.add(routing, generating)
    return {
        "mean": float(whole.mean()),
        "p50": float(np.quantile(whole, 0.5)),
        "p95": float(np.quantile(whole, 0.95)),
        "routing_mean": fmean(routing),
        "questions": len(timed),
    }


def _systems_compared(evidence: Evidence, bootstrap: Bootstrap) -> Json:
    references = evidence.references()
    rouge = {name: rouge_l(evidence.system_answers(name), references) for name in evidence.systems}

    def against(theirs: str, their_name: str) -> Json:
        ours = evidence.system_losses("real")
        gaps = np.subtract(rouge["real"], rouge[theirs]).tolist()
        perplexity = compared(bootstrap, ours, evidence.system_losses(theirs), "routed experts", their_name)
        return {"perplexity": perplexity, "rouge_l_difference": bootstrap.mean(gaps).json()}

    return {
        "real_vs_generalist": against("generalist", "generalist"),
        "real_vs_oracle": against("oracle", "oracle routing"),
    }


def _findings(domains: Mapping[str, Json]) -> list[str]:
    return [
        sentence
        for domain, section in domains.items()
        for sentence in (
            _sentence(domain, section, "generalist", "comparison"),
            _sentence(domain, section, "base", "comparison_with_base"),
        )
    ]


def _sentence(domain: str, section: Json, other: str, comparison: str) -> str:
    perplexity, paired = section["perplexity"], section[comparison]
    ratio = paired["ratio"]
    return (
        f"{domain}: perplexity {perplexity['expert']['value']:.2f} (expert) against"
        f" {perplexity[other]['value']:.2f} ({other}), ratio {ratio['value']:.3f}"
        f" ({ratio['low']:.3f} to {ratio['high']:.3f}): {paired['verdict']}"
    )
