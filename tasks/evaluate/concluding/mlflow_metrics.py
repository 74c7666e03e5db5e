"""Flatten the evaluation into the numbers that runs are compared by.

In: the evaluation. Out: metrics named `<what>_<model or system>_<domain>`.
"""

from tasks.kernel.workspace import Metrics
from tasks.records.evaluation import DomainEvaluation, Evaluation, OnYardstick, SystemEvaluation


def flat_metrics(report: Evaluation) -> Metrics:
    """Return accuracy, routing tax, perplexities, scores, latencies and memory as floats."""
    tax = report.router.tax.total
    metrics: Metrics = {
        "router_accuracy": report.router.accuracy,
        "routing_tax": tax.loss.value,
        **{f"routing_tax_{name}": gain.value for name, gain in tax.scores.items()},
        **{f"questions_{outcome}": float(count) for outcome, count in report.router.outcomes.items()},
        "peak_memory_bytes": float(report.memory.peak_bytes),
        "warnings": float(len(report.warnings)),
    }
    for system, measured in report.systems.items():
        metrics |= _system(system, measured)
    for domain, part in report.domains.items():
        metrics |= _domain(domain, part)
        if part.recall:
            metrics |= {f"recall_{name}": value for name, value in _yardstick(domain, part.recall).items()}
    return metrics


def _system(system: str, measured: SystemEvaluation) -> Metrics:
    return {
        f"perplexity_{system}": measured.perplexity.value,
        **{f"{name}_{system}": score.value for name, score in measured.scores.items()},
        f"latency_ms_{system}": measured.latency_ms.mean,
    }


def _domain(domain: str, part: DomainEvaluation) -> Metrics:
    metrics = _yardstick(domain, part)
    if part.edge:
        metrics[f"edge_tokens_per_second_{domain}"] = part.edge.decode_tokens_per_second
    return metrics


def _yardstick(domain: str, part: OnYardstick) -> Metrics:
    perplexity, facts = part.perplexity, part.key_facts
    metrics = {
        f"perplexity_base_{domain}": perplexity.base.value,
        f"perplexity_expert_{domain}": perplexity.expert.value,
        f"perplexity_generalist_{domain}": perplexity.generalist.value,
    }
    for system, found in part.scores.items():
        metrics |= {f"{name}_{system}_{domain}": score.value for name, score in found.scores.items()}
    if facts:
        shares = {
            "base": facts.base,
            "expert": facts.expert,
            "generalist": facts.generalist,
            "edge": facts.edge,
        }
        metrics |= {f"key_facts_{model}_{domain}": share.value for model, share in shares.items() if share}
    if part.edge_perplexity:
        metrics[f"perplexity_edge_{domain}"] = part.edge_perplexity.edge.value
        metrics[f"edge_loss_{domain}"] = part.edge_perplexity.loss.value
    return metrics
