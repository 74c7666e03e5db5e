"""What healing did: a `Report` in, a table out.

The base comes first: every expert starts from it.
"""

from flows.report import words
from flows.report.schema import Report
from flows.report.tables.table import Table

HEADERS = ("model", "steps", "kept after", "only rounded", "healed", "change")


def healing_table(report: Report) -> Table:
    """Return how far each model on its grid is from its float form, before and after."""
    found = {"base": report.healing, **{name: part.healing for name, part in report.domains.items()}}
    rows = [
        (
            name,
            words.count(one.steps),
            words.count(one.best_step),
            words.figure(one.divergence_before),
            words.figure(one.divergence_after),
            words.change(one.divergence_after / one.divergence_before if one.divergence_before else None),
        )
        for name, one in found.items()
        if one
    ]
    return Table("Healing", HEADERS, tuple(rows))
