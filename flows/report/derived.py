"""What the page says that no record holds: a `Report` in, values laid together from its parts out."""

from collections.abc import Mapping
from dataclasses import dataclass

from flows.report.schema import Report
from tasks.records.router import RouterReport


@dataclass(frozen=True)
class ConfusedPair:
    """Questions of one domain that are sent to another."""

    domain: str
    routed: str
    questions: int
    share: float
    """Of the domain's questions."""


def confused(router: RouterReport) -> list[ConfusedPair]:
    """Return every pair of domains that the router confuses, most frequent first."""
    found = [
        ConfusedPair(here, there, count, count / (sum(counts) or 1))
        for here, counts in zip(router.labels, router.confusion, strict=False)
        for there, count in zip(router.labels, counts, strict=False)
        if count and here != there
    ]
    return sorted(found, key=lambda pair: (-pair.questions, -pair.share, pair.domain, pair.routed))


def suite_bars(report: Report) -> dict[str, float]:
    """Return the least accuracy that the configuration asks for, by robustness suite."""
    bars = _mapping(_mapping(report.config.get("route")).get("suites"))
    return {name: float(bar) for name, bar in bars.items() if isinstance(bar, (int, float))}


def measured(report: Report, stage: str, domain: str = "") -> Mapping[str, float]:
    """Return what a stage measured of itself when it was built."""
    return next((row.metrics for row in report.stages if (row.stage, row.domain) == (stage, domain)), {})


def descriptions(report: Report) -> dict[str, str]:
    """Return what each expert is for, where the configuration says so."""
    domains = _mapping(report.config.get("domains"))
    found = {name: _mapping(domain).get("description") for name, domain in domains.items()}
    return {name: str(text) for name, text in found.items() if text}


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
