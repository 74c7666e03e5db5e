"""From a matplotlib figure to SVG that lives inside the page.

In: a figure drawn in the stand-in colours below. Out: an `<svg>` element whose colours are the
page's own CSS variables, so that one drawing is readable on light and on dark. Text stays text:
it can be selected, searched and read aloud.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from io import StringIO
from math import ceil
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER, GOOD, BAD = "#010203", "#010204", "#010205", "#010206", "#010207", "#010208"
SERIES = tuple(f"#0102{number:02x}" for number in range(0x10, 0x1A))
WIDTH = 5.2
"""Inches: with 10-point text a chart is still readable when it shrinks to a phone's width."""
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
    GOOD: "var(--good)",
    BAD: "var(--bad)",
    **{colour: f"var(--s{number})" for number, colour in enumerate(SERIES)},
}
_CLEANING = (
    (re.compile(r"<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL), ""),
    (re.compile(r"font-family: [^;]*; ?"), ""),
    (re.compile(r"(\.\d\d)\d+"), r"\1"),
    # Matplotlib numbers its groups alike in every figure, but an id must be unique in a page.
    (re.compile(r'<g id="[^"]*"'), "<g"),
)
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.handlelength": 1.0,
    "legend.columnspacing": 1.4,
    "figure.facecolor": "none",
}


def series_colour(place: int) -> str:
    """Return the stand-in colour of the series at `place`; after ten they repeat."""
    return SERIES[place % len(SERIES)]


@contextmanager
def canvas(height: float, width: float = WIDTH) -> Iterator[tuple[Figure, Axes]]:
    """Offer a figure of `width` by `height` inches with one set of axes in the page's style."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.add_subplot()


@contextmanager
def panels(
    size: tuple[float, float], *, widths: Sequence[float] = (1,), heights: Sequence[float] = (1,)
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Offer a figure of `size` (width, height) inches with several sets of axes, row by row."""
    with rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(
            len(heights), len(widths), squeeze=False, width_ratios=widths, height_ratios=heights
        )
        yield figure, list(grid.flat)


def name_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Name the rows, first on top."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)


def add_legend(axes: Axes, columns: int) -> None:
    """Put one entry a label above the axes."""
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(
        handles.values(),
        handles.keys(),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        borderaxespad=0.2,
    )


def legend_height(entries: int, columns: int) -> float:
    """Return the inches that a legend takes."""
    return 0.21 * ceil(entries / columns)


def shortened(name: str, letters: int = 24) -> str:
    """Return a name that leaves room for the drawing beside it; its end stays, where like names differ."""
    half = letters // 2
    return name if len(name) <= letters else f"{name[: letters - half - 1].rstrip()}…{name[-half:].lstrip()}"


def to_svg(figure: Figure, name: str, description: str) -> str:
    """Return the figure as an `<svg>` element with a spoken description; `name` keeps its ids apart."""
    buffer = StringIO()
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for pattern, replacement in _CLEANING:
        text = pattern.sub(replacement, text)
    text = re.sub(r"#0102[01][0-9a-f]", lambda found: _VARIABLES[found[0]], text)
    head = f'<svg class="chart" role="img" aria-label="{escape(description)}"'
    return re.sub(r'<svg(.*?) width="[^"]*" height="[^"]*"', rf"{head}\1", text, count=1)
