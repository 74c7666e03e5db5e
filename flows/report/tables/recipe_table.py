"""The search for a recipe: a `Report` in, a table out, the smallest recipe first."""

from flows.report import words
from flows.report.schema import Report
from flows.report.tables.table import Table

HEADERS = ("recipe", "weights", "perplexity", "interval", "")


def recipe_table(report: Report) -> Table:
    """Return what each recipe that was tried takes and costs."""
    search = report.recipe
    rows = (
        [
            (
                one.name,
                words.size(one.bytes),
                words.change(one.perplexity_ratio.value),
                " to ".join(words.change(end) for end in one.perplexity_ratio.ends),
                "chosen" if one.name == search.chosen else "within" if one.within else "",
            )
            for one in sorted(search.tried, key=lambda one: one.bytes)
        ]
        if search
        else []
    )
    return Table("The recipe", HEADERS, tuple(rows))
