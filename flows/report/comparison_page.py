"""The page of a comparison of routers: one row a router in, one self-contained HTML document out.

Whether one router beats another is said only where the comparison's own test says so.
"""

import json
from collections.abc import Sequence

from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.text import Text

from flows.report import words
from flows.report.html import templates
from flows.report.tables.table import Table
from tasks.records.router_comparison import Compared


def comparison_json(rows: Sequence[Compared]) -> str:
    """Return a list with one object a router."""
    return json.dumps([row.model_dump(mode="json") for row in rows], indent=2)


def comparison_words(rows: Sequence[Compared]) -> RenderableType:
    """Return the tables, what can be concluded, and what flatters, for a terminal."""
    tables = [table.rich() for table in comparison_tables(rows).values() if table.rows]
    cautions = [Text(f"warning: {sentence}", style="yellow") for sentence in warnings(rows)]
    return Group(*tables, Text(verdict(rows)), *cautions)


def comparison_page(rows: Sequence[Compared]) -> str:
    """Return the comparison as HTML that needs no other file and no network; `rows` has at least one."""
    template = templates().get_template("comparison.html.jinja")
    return template.render(
        rows=rows,
        words=words,
        verdict=verdict(rows),
        warnings=warnings(rows),
        chart=Markup(comparison_chart(rows)),  # noqa: S704  made by matplotlib
        tables=comparison_tables(rows),
    )


def comparison_chart(rows: Sequence[Compared]) -> str:
    """Draw accuracy with its interval against latency, calibration error and size as an `<svg>`."""
    from flows.report.charts.comparison_chart import draw_comparison

    return draw_comparison(rows)


def comparison_tables(rows: Sequence[Compared]) -> dict[str, Table]:
    """Return what the routers reach, what they cost, and what few of them have."""
    return {
        "quality": _quality(rows),
        "behind": _behind(rows),
        "cost": _cost(rows),
        "scope": _scope(rows),
        "stages": _stages(rows),
    }


def verdict(rows: Sequence[Compared]) -> str:
    """Say in a sentence which router is best, or which cannot be told apart."""
    best = [row.name for row in rows if row.verdict == "best"]
    alike = [row.name for row in rows if row.verdict == "not distinguishable"]
    if best:
        return f"{best[0]} routes more questions right than every other router, beyond the noise."
    if alike:
        names = f"{', '.join(alike[:-1])} and {alike[-1]}"
        return f"No router is best beyond the noise: {names} cannot be told apart on these questions."
    return "One router alone was measured, so there is nothing to compare it with."


def warnings(rows: Sequence[Compared]) -> list[str]:
    """Say what flatters the figures."""
    first = rows[0]
    if not first.repeated_questions + first.near_questions:
        return []
    sentence = (
        f"Of {first.questions:,} test questions, {first.repeated_questions:,} are word for word among the"
        f" training questions and {first.near_questions:,} say nearly the same as one. The accuracy on all"
        " test questions flatters; the leak-free one does not count them."
    )
    return [sentence]


def _quality(rows: Sequence[Compared]) -> Table:
    made = [
        (
            row.name,
            words.percent(row.accuracy, 1),
            words.shares(row.accuracy_low, row.accuracy_high),
            words.percent(row.leak_free_accuracy, 1),
            words.shares(row.leak_free_low, row.leak_free_high),
            words.percent(row.accuracy_8020, 1),
            words.percent(row.macro_f1, 1),
            words.percent(row.ece, 1),
        )
        for row in rows
    ]
    headers = ("router", "accuracy", "95 % interval", "leak-free", "95 % interval", "leaky 80/20")
    return Table("How right", (*headers, "macro F1", "ECE"), tuple(made))


def _behind(rows: Sequence[Compared]) -> Table:
    made = [
        (
            row.name,
            words.tenths(100 * row.difference),
            f"{words.tenths(100 * row.difference_low)} to {words.tenths(100 * row.difference_high)}",
            words.figure(row.p_value, 2),
            row.verdict,
        )
        for row in rows
        if row.verdict != "not compared"
    ]
    headers = ("router", "points behind", "95 % interval", "p-value", "verdict")
    return Table("Against the best", headers, tuple(made))


def _cost(rows: Sequence[Compared]) -> Table:
    made = [
        (
            row.name,
            words.milliseconds(row.p50_ms),
            words.milliseconds(row.p95_ms),
            words.whole(row.queries_per_second),
            words.size(row.peak_memory_bytes),
            words.size(row.file_bytes),
            words.duration(row.train_seconds),
        )
        for row in rows
    ]
    headers = ("router", "p50", "p95", "questions a second", "memory", "files", "training")
    return Table("At what cost", headers, tuple(made))


def _scope(rows: Sequence[Compared]) -> Table:
    made = [
        (
            row.name,
            words.count(found.questions),
            words.percent(found.auroc, 1),
            words.percent(found.recall, 1),
            words.percent(found.own_recall, 1),
            words.percent(found.own_loss, 1),
            words.percent(found.own_accuracy, 1),
        )
        for row in rows
        if (found := row.out_of_scope)
    ]
    headers = (
        "router",
        "questions",
        "AUROC",
        "recall at 4 % loss",
        "recall",
        "lost in scope",
        "right in scope",
    )
    return Table("Questions that belong nowhere", headers, tuple(made))


def _stages(rows: Sequence[Compared]) -> Table:
    made = [
        (row.name, ", ".join(f"{name} {words.percent(share)}" for name, share in row.stages.items()))
        for row in rows
        if row.stages
    ]
    return Table("Who answers", ("router", "share of its stages"), tuple(made))
