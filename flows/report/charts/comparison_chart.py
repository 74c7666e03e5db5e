"""The drawing of a comparison of routers: one row a router in, an `<svg>` element out.

Points bear numbers instead of names, which would hide each other; the bars beside them bear both.
"""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from flows.report import words
from flows.report.charts.svg import PAPER, name_rows, panels, series_colour, shortened, to_svg
from tasks.records.router_comparison import Compared

SIZE = (10.4, 4.2)
"""Inches."""
ROW = 0.3
"""Inches for one bar."""


def draw_comparison(rows: Sequence[Compared]) -> str:
    """Draw accuracy with its interval against latency; beside it calibration error and size."""
    height = max(SIZE[1], 0.9 + ROW * len(rows))
    with panels((SIZE[0], height), widths=(2.1, 1, 1)) as (figure, (points, errors, sizes)):
        _draw_points(points, rows)
        _draw_bars(errors, [100 * row.ece for row in rows], lambda value: f"{value:.1f}")
        errors.set_xlabel("calibration error (points)")
        name_rows(errors, [f"{place} {shortened(row.name)}" for place, row in enumerate(rows, 1)])
        _draw_bars(sizes, [row.file_bytes / 1e6 for row in rows], lambda value: words.size(1e6 * value))
        sizes.set_xlabel("files (MB)")
        name_rows(sizes, [str(place) for place in range(1, len(rows) + 1)])
    said = "; ".join(map(_said, rows))
    return to_svg(figure, "comparison", f"Routers by accuracy, latency, calibration and size. {said}")


def _draw_points(axes: Axes, rows: Sequence[Compared]) -> None:
    figures, basis = _accuracies(rows)
    for place, (row, (value, low, high)) in enumerate(zip(rows, figures, strict=True)):
        colour = series_colour(place)
        axes.plot([row.p95_ms] * 2, [100 * low, 100 * high], color=colour, lw=1.6)
        axes.plot(row.p95_ms, 100 * value, "o", color=colour, markersize=13)
        axes.text(
            row.p95_ms, 100 * value, str(place + 1), color=PAPER, ha="center", va="center", fontweight="bold"
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.margins(x=0.16, y=0.12)
    axes.set_xlabel("one question, 95th percentile (ms)")
    axes.set_ylabel(f"accuracy, {basis} (%)")
    axes.grid()


def _accuracies(rows: Sequence[Compared]) -> tuple[list[tuple[float, float, float]], str]:
    """Return accuracies with their ends, leak-free where every router has such a figure."""
    clean = [(row.leak_free_accuracy, row.leak_free_low, row.leak_free_high) for row in rows]
    found = [
        (value, low, high)
        for value, low, high in clean
        if value is not None and low is not None and high is not None
    ]
    if len(found) == len(rows):
        return found, "leak-free"
    return [(row.accuracy, row.accuracy_low, row.accuracy_high) for row in rows], "all test questions"


def _draw_bars(axes: Axes, values: Sequence[float], text: Callable[[float], str]) -> None:
    for place, value in enumerate(values):
        bar = axes.barh(place, value, 0.66, color=series_colour(place))
        axes.bar_label(bar, [text(value)], padding=4, fontsize=9)
    axes.margins(x=0.5)
    axes.grid(axis="x")


def _said(row: Compared) -> str:
    return (
        f"{row.name}: accuracy {words.percent(row.accuracy, 1)}, {words.milliseconds(row.p95_ms)} at the 95th"
        f" percentile, calibration error {words.percent(row.ece, 1)}, {words.size(row.file_bytes)}"
    )
