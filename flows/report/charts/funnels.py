"""The charts of what became of pairs: a `Report` in, `<svg>` elements out, or nothing without figures.

One bar a domain, because a library may have a hundred of them; what is rare is drawn as one piece.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from flows.report import words
from flows.report.charts.svg import (
    GOOD,
    GRID,
    MUTED,
    PAPER,
    add_legend,
    canvas,
    legend_height,
    name_rows,
    series_colour,
    to_svg,
)
from flows.report.schema import Report
from tasks.records.funnel import Funnel

REASONS = 7
"""Reasons with a piece of their own; the others are drawn together."""
OTHERS = "other reasons"
_REASON_COLOURS = (0, 1, 3, 4, 5, 6, 7, 8)
"""Places of the series' colours that do not look like that of the kept pairs."""
ROW = 0.36
"""Inches for one domain."""


def funnel_chart(report: Report) -> str:
    """Draw how the pairs of each domain ended: kept, rejected for which reason, unread, never asked for."""
    funnels = {name: part.funnel for name, part in report.domains.items() if part.funnel}
    totals = sum((Counter(funnel.rejected) for funnel in funnels.values()), Counter[str]())
    named = [reason for reason, _ in totals.most_common(REASONS)]
    bars = {name: _counts(funnel, named) for name, funnel in funnels.items()}
    pieces = [*map(words.said, named), OTHERS]
    colours = {"kept": GOOD}
    colours |= {piece: series_colour(at) for piece, at in zip(pieces, _REASON_COLOURS, strict=False)}
    colours |= {"no readable reply": MUTED, "left by the budget": GRID}
    return _stacked("funnel", "What became of the pairs of each domain", bars, colours, "pairs")


def types_chart(report: Report) -> str:
    """Draw the mix of question types among the kept pairs of each domain."""
    mixes = {name: part.funnel.question_types for name, part in report.domains.items() if part.funnel}
    bars = {
        name: {words.said(kind): 100 * count / sum(mix.values()) for kind, count in sorted(mix.items())}
        for name, mix in mixes.items()
        if mix
    }
    kinds = sorted({kind for bar in bars.values() for kind in bar})
    colours = {kind: series_colour(place) for place, kind in enumerate(kinds)}
    return _stacked("types", "Question types of the kept pairs", bars, colours, "% of the kept pairs")


def _counts(funnel: Funnel, named: Sequence[str]) -> dict[str, float]:
    rejected = {words.said(reason): float(funnel.rejected.get(reason, 0)) for reason in named}
    others = sum(funnel.rejected.values()) - sum(rejected.values())
    unread = (funnel.no_reply or 0) + (funnel.unread or 0)
    rest = {OTHERS: others, "no readable reply": unread, "left by the budget": funnel.not_asked or 0}
    return {"kept": funnel.kept or 0, **rejected, **rest}


def _stacked(
    name: str,
    description: str,
    bars: Mapping[str, Mapping[str, float]],
    colours: Mapping[str, str],
    unit: str,
) -> str:
    drawn = [kind for kind in colours if any(bar.get(kind) for bar in bars.values())]
    if not drawn:
        return ""
    with canvas(0.6 + ROW * len(bars) + legend_height(len(drawn), 2)) as (figure, axes):
        left = [0.0] * len(bars)
        for kind in drawn:
            widths = [bar.get(kind, 0.0) for bar in bars.values()]
            axes.barh(
                range(len(bars)), widths, 0.66, left, color=colours[kind], edgecolor=PAPER, lw=0.6, label=kind
            )
            left = [start + width for start, width in zip(left, widths, strict=True)]
        name_rows(axes, list(bars))
        axes.set_xlabel(unit)
        axes.grid(axis="x")
        add_legend(axes, 2)
    return to_svg(figure, name, description)
