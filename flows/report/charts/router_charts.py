"""The charts of the router: a `RouterReport` in, `<svg>` elements out, or nothing without figures.

A matrix of many domains cannot be read, so that beyond `MATRIX` domains the most confused pairs are drawn.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from flows.report import words
from flows.report.charts.svg import (
    BAD,
    GOOD,
    INK,
    MUTED,
    PAPER,
    add_legend,
    canvas,
    legend_height,
    name_rows,
    series_colour,
    shortened,
    to_svg,
)
from flows.report.derived import confused
from flows.report.tables.router_tables import MATRIX, PAIRS
from tasks.records.router import RouterReport, SuiteScore

CROWD = 4
"""Columns of the confusion matrix from which on its words get short."""
SMALL = 8
"""Columns from which on its letters get small."""
ROW = 0.27
"""Inches for one row of bars."""


def confusion_chart(router: RouterReport) -> str:
    """Draw which share of each domain's questions is sent where."""
    if len(router.labels) > MATRIX:
        return _pairs_chart(router)
    labels = [shortened(label, 20) for label in router.labels]
    crowded, size = len(labels) > CROWD, 8 if len(labels) > SMALL else 10
    with canvas(1.1 + (0.4 if len(labels) > SMALL else 0.5) * len(labels)) as (figure, axes):
        for row, counts in enumerate(router.confusion):
            for column, number in enumerate(counts):
                share = number / (sum(counts) or 1)
                cell = Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, lw=0)
                # The square root keeps a few stray questions visible.
                cell.set(color=GOOD if row == column else BAD, alpha=0.6 * sqrt(share))
                axes.add_patch(cell)
                text = f"{number} ({share:.0%})" if number and not crowded else str(number)
                colour = INK if number else MUTED
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
        axes.set_xlim(-0.5, len(labels) - 0.5)
        name_rows(axes, labels)
        axes.set_xticks(
            range(len(labels)), labels, rotation=40 if crowded else 0, ha="right" if crowded else "center"
        )
        axes.set_xlabel("sent to")
        axes.set_ylabel("belongs to")
        axes.spines[:].set_visible(False)
    return to_svg(figure, "confusion", "Confusion matrix of the router")


def suites_chart(router: RouterReport, bars: Mapping[str, float]) -> str:
    """Draw the accuracy before and after each suite's change, and the bar that it must clear."""
    suites = router.suites
    if not suites:
        return ""
    with canvas(0.75 + 0.42 * len(suites) + legend_height(3, 3)) as (figure, axes):
        for row, suite in enumerate(suites):
            _draw_suite(axes, row, suite, bars.get(suite.name))
        name_rows(axes, [words.said(suite.name) for suite in suites])
        axes.margins(x=0.06)
        axes.set_xlabel("questions that reach their expert (%)")
        axes.grid(axis="x")
        add_legend(axes, 4)
    return to_svg(figure, "suites", "Accuracy of changed questions against unchanged ones, by suite")


def shares_chart(router: RouterReport) -> str:
    """Draw which share of the questions each stage of a cascade answers."""
    if not router.stages:
        return ""
    return _bars(
        "shares",
        "Share of the questions answered by each stage",
        [
            (shortened(stage.name), 100 * stage.share, words.percent(stage.share, 1))
            for stage in router.stages
        ],
        "% of the questions",
    )


def _pairs_chart(router: RouterReport) -> str:
    pairs = confused(router)[:PAIRS]
    bars = [
        (
            f"{shortened(pair.domain, 20)} → {shortened(pair.routed, 20)}",
            float(pair.questions),
            f"{pair.questions} ({words.percent(pair.share)})",
        )
        for pair in pairs
    ]
    return _bars("confusion", "The most confused pairs of domains", bars, "questions", BAD) if bars else ""


def _bars(
    name: str, description: str, bars: Sequence[tuple[str, float, str]], unit: str, colour: str = ""
) -> str:
    with canvas(0.7 + ROW * len(bars)) as (figure, axes):
        for row, (_, value, text) in enumerate(bars):
            bar = axes.barh(row, value, 0.7, color=colour or series_colour(0))
            axes.bar_label(bar, [text], padding=4, fontsize=9)
        name_rows(axes, [label for label, _, _ in bars])
        axes.margins(x=0.2)
        if unit.startswith("%"):
            axes.set_xticks(range(0, 101, 20))
        axes.set_xlabel(unit)
        axes.grid(axis="x")
    return to_svg(figure, name, description)


def _draw_suite(axes: Axes, row: int, suite: SuiteScore, bar: float | None) -> None:
    clean, after = 100 * suite.clean_accuracy, 100 * suite.accuracy
    axes.plot([clean, after], [row, row], color=MUTED, lw=1)
    axes.plot(clean, row, "o", mfc=PAPER, color=MUTED, label="unchanged", markersize=6)
    ends = [100 * suite.accuracy_low, 100 * suite.accuracy_high]
    axes.plot(ends, [row, row], color=series_colour(0), lw=2.4, alpha=0.5)
    missed = bar is not None and suite.accuracy < bar
    colour, label = (BAD, "below its bar") if missed else (series_colour(0), "changed")
    axes.plot(after, row, "o", color=colour, markersize=6, label=label)
    if bar is not None:
        axes.plot([100 * bar] * 2, [row - 0.32, row + 0.32], color=INK, lw=1.6, label="bar")
