"""What experts have learned of their books: a `Report` in, the table that the results begin with out."""

from flows.report import words
from flows.report.schema import Report
from flows.report.tables.table import Table
from tasks.records.estimate import Estimate
from tasks.records.evaluation import KeyFacts, OnYardstick

HEADERS = (
    *("domain", "questions", "base", "generalist", "expert", "to generalist", "INT4"),
    *(f"facts right: {model}" for model in ("base", "generalist", "expert", "INT4")),
)


def recall_table(report: Report) -> Table:
    """Return perplexities and key facts on the questions of `recall`."""
    rows = [
        (name, words.count(part.questions), *_perplexities(part), *_facts(part.key_facts))
        for name, whole in report.domains.items()
        if whole.evaluation and (part := whole.evaluation.recall)
    ]
    return Table("What experts know of their books", HEADERS, tuple(rows))


def _perplexities(part: OnYardstick) -> tuple[str, ...]:
    measured, edge = part.perplexity, part.edge_perplexity
    low, high = part.comparison.ratio.ends
    return (
        *map(words.figure, (measured.base.value, measured.generalist.value, measured.expert.value)),
        f"{words.change(part.comparison.ratio.value)} ({words.change(low)} to {words.change(high)})",
        words.figure(edge.edge.value if edge else None),
    )


def _facts(facts: KeyFacts | None) -> tuple[str, ...]:
    if facts is None:
        return (words.NOTHING,) * 4
    return tuple(_share(share) for share in (facts.base, facts.generalist, facts.expert, facts.edge))


def _share(found: Estimate | None) -> str:
    return words.percent(found.value) if found else words.NOTHING
