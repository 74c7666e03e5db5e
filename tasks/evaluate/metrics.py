"""Flatten the report into the numbers that runs are compared by.

In: the contents of evaluation.json. Out: metrics named `<what>_<model>_<domain or system>`.
"""

from typing import Any

from tasks.kernel.workspace import Metrics


def flat_metrics(report: dict[str, Any]) -> Metrics:
    """Return accuracy, routing tax, perplexities, text scores, latencies and memory as floats."""
    router = report["router"]
    metrics: Metrics = {
        "router_accuracy": router["accuracy"],
        "routing_tax": router["tax"]["total"]["loss"]["value"],
        "routing_tax_rouge_l": router["tax"]["total"]["rouge_l"]["value"],
        **{f"questions_{outcome}": float(count) for outcome, count in router["outcomes"].items()},
        "peak_memory_bytes": float(report["memory"]["peak_bytes"]),
        "warnings": float(len(report["warnings"])),
    }
    for system, values in report["systems"].items():
        metrics |= _system(system, values)
    for domain, values in report["domains"].items():
        metrics |= _domain(domain, values)
    return metrics


def _system(system: str, values: dict[str, Any]) -> Metrics:
    return {
        f"perplexity_{system}": values["perplexity"]["value"],
        f"rouge_l_{system}": values["rouge_l"]["value"],
        f"bleu_{system}": values["bleu"],
        f"latency_ms_{system}": values["latency_ms"]["mean"],
    }


def _domain(domain: str, values: dict[str, Any]) -> Metrics:
    metrics = {f"perplexity_{role}_{domain}": found["value"] for role, found in values["perplexity"].items()}
    if edge := values.get("edge_perplexity"):
        metrics[f"perplexity_edge_{domain}"] = edge["edge"]["value"]
        metrics[f"edge_loss_{domain}"] = edge["loss"]["value"]
        metrics[f"edge_tokens_per_second_{domain}"] = values["edge"]["decode_tokens_per_second"]
    return metrics
