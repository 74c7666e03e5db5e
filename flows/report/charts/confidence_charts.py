"""The charts of the router's confidence: a `RouterReport` in, `<svg>` elements out, or nothing.

Bins have intervals, because a bin of three questions says little.
"""

from matplotlib.axes import Axes

from flows.report import words
from flows.report.charts.svg import (
    BAD,
    GOOD,
    MUTED,
    add_legend,
    canvas,
    legend_height,
    panels,
    series_colour,
    to_svg,
)
from tasks.records.router import Bin, Operating, RouterReport
from tasks.statistics.wilson import wilson


def reliability_chart(router: RouterReport) -> str:
    """Draw the accuracy of questions of like confidence, and below it how many there are."""
    bins = [one for one in router.reliability if one.questions]
    if not bins:
        return ""
    sure, right = ([100 * getattr(one, name) for one in bins] for name in ("confidence", "accuracy"))
    with panels((5.2, 4.1), heights=(3.2, 1)) as (figure, (axes, below)):
        axes.plot([0, 100], [0, 100], color=MUTED, lw=1, ls="--", label="as sure as right")
        axes.plot(sure, right, color=series_colour(0), lw=1.4)
        for one in bins:
            ends = [100 * end for end in _interval(one)]
            axes.plot([100 * one.confidence] * 2, ends, color=series_colour(0), lw=1.2, alpha=0.55)
        axes.plot(sure, right, "o", color=series_colour(0), markersize=5, label="this router")
        axes.set_ylabel("reach their expert (%)")
        axes.set_ylim(-2, 104)
        add_legend(axes, 2)
        below.bar(sure, [one.questions for one in bins], width=3.4, color=series_colour(0), alpha=0.7)
        below.set_ylabel("questions")
        below.set_xlabel("probability of the chosen domain (%)")
        for panel in (axes, below):
            panel.set_xlim(-2, 104)
            panel.grid(axis="y")
        axes.set_xticklabels([])
    error = "" if router.ece is None else f", expected calibration error {words.percent(router.ece, 1)}"
    return to_svg(figure, "reliability", f"Reliability diagram: confidence against accuracy{error}")


def risk_chart(router: RouterReport) -> str:
    """Draw the share that is misrouted against the share that is answered, and the chosen threshold."""
    points = sorted(router.risk_coverage, key=lambda point: point.coverage)
    if not points:
        return ""
    with canvas(3.6 + legend_height(3, 2)) as (figure, axes):
        x, y = ([100 * getattr(point, name) for point in points] for name in ("coverage", "risk"))
        axes.plot(x, y, color=series_colour(0), lw=1.8, label="every threshold")
        if router.operating:
            _draw_operating(axes, router.operating)
        axes.set_xlabel("answered by an expert (% of the questions)")
        axes.set_ylabel("of those misrouted (%)")
        axes.set_ylim(bottom=0)
        axes.margins(y=0.12)
        axes.grid()
        add_legend(axes, 2)
    return to_svg(figure, "risk", f"Risk-coverage curve{_reached(router.operating)}")


def _interval(one: Bin) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a bin's accuracy."""
    return wilson(round(one.accuracy * one.questions), one.questions)


def _draw_operating(axes: Axes, chosen: Operating) -> None:
    if chosen.target is not None:
        label = f"asked for: at most {words.percent(chosen.target, 1)}"
        axes.axhline(100 * chosen.target, color=MUTED, lw=1, ls="--", label=label)
    coverage, risk = 100 * chosen.coverage, 100 * chosen.risk
    missed = chosen.target is not None and chosen.risk > chosen.target
    label = "as it ships" if chosen.target is None else "chosen threshold"
    axes.plot(coverage, risk, "o", color=BAD if missed else GOOD, markersize=8, label=label)


def _reached(chosen: Operating | None) -> str:
    if chosen is None:
        return ""
    answered, misrouted = words.percent(chosen.coverage, 1), words.percent(chosen.risk, 1)
    return f"; as it ships, experts answer {answered} of the questions, of which {misrouted} are misrouted"
