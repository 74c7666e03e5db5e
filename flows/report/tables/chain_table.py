"""The chain of every expert: a `Report` in, a table out, one row for each two neighbouring forms."""

from flows.report import words
from flows.report.schema import Report
from flows.report.tables.table import Table
from tasks.records.chain import Link

HEADERS = ("domain", "link", "divergence", "same first choice", "perplexity", "tokens")


def chain_table(report: Report) -> Table:
    """Return how far each form of each expert is from the one before."""
    rows = [
        _row(name, link)
        for name, part in report.domains.items()
        for link in (part.evaluation.chain if part.evaluation else ())
    ]
    return Table("From the adapter to the phone", HEADERS, tuple(rows))


def _row(domain: str, link: Link) -> tuple[str, ...]:
    ratio = link.perplexity_ratio
    return (
        domain,
        link.name.replace("->", "→"),
        words.figure(link.mean_kl),
        words.percent(link.top1_agreement, 1),
        f"× {ratio.value:.3f} ({ratio.ends[0]:.3f} to {ratio.ends[1]:.3f})" if ratio else words.NOTHING,
        words.count(link.positions),
    )
