"""The bar charts of the page: parts of a `Report` in, `<svg>` elements out, or nothing without figures.

Bars lie on their side, because names of domains are words and words are read from left to right.
"""

from collections.abc import Callable, Mapping, Sequence

from flows.report import words
from flows.report.charts.svg import (
    BAD,
    GRID,
    PAPER,
    add_legend,
    canvas,
    legend_height,
    name_rows,
    series_colour,
    to_svg,
)
from flows.report.schema import DomainReport, Report, StageRow
from tasks.records.edge import ByteGroup

Series = Mapping[str, Sequence[float | None]]
BAR = 0.22
"""Inches for one bar."""
MEGA = 1e6
SMALL = 0.01
"""Share of a bundle below which a group of tensors gets no piece of its own."""
SIZE_STEPS = {
    "adapter": "adapter",
    "merged_bf16": "merged, bfloat16",
    "float_tflite": "float TFLite",
    "int4_tflite": "INT4 TFLite",
    "bundle": "bundle",
}


def sizes_chart(report: Report) -> str:
    """Draw the bytes of every domain's model at every step."""
    series = {name: [_megabytes(part, step) for step in SIZE_STEPS] for name, part in report.domains.items()}
    return _bars("sizes", "Size at every step in MB", series, list(SIZE_STEPS.values()), words.figure, "MB")


def breakdown_chart(report: Report) -> str:
    """Draw where each bundle's bytes go; what is below one per cent is drawn as one piece."""
    parts = {name: _pieces(part.breakdown) for name, part in report.domains.items() if part.breakdown}
    names = list(dict.fromkeys(name for pieces in parts.values() for name in pieces))
    if not parts:
        return ""
    with canvas(0.6 + 0.42 * len(parts) + legend_height(len(names), 2)) as (figure, axes):
        for row, pieces in enumerate(parts.values()):
            left = 0.0
            for name, width in pieces.items():
                colour = series_colour(names.index(name))
                axes.barh(row, width, 0.6, left, color=colour, edgecolor=PAPER, lw=0.8, label=name)
                left += width
            axes.annotate(words.figure(left), (left, row), (4, 0), textcoords="offset points", va="center")
        name_rows(axes, list(parts))
        axes.margins(x=0.12)
        axes.set_xlabel("MB")
        axes.grid(axis="x")
        add_legend(axes, 2)
    return to_svg(figure, "breakdown", "Bytes of each bundle by tensor group")


def stages_chart(stages: Sequence[StageRow]) -> str:
    """Draw each stage's seconds; what was taken from the cache is grey."""
    rows = [row for row in stages if row.seconds is not None]
    if not rows:
        return ""
    colours = {"built": series_colour(0), "cached": GRID, "failed": BAD, "skipped": GRID, "left": GRID}
    with canvas(0.7 + BAR * len(rows)) as (figure, axes):
        for place, row in enumerate(rows):
            bar = axes.barh(place, row.seconds or 0, 0.72, color=colours[row.status], label=row.status)
            axes.bar_label(bar, [words.duration(row.seconds)], padding=4, fontsize=9)
        name_rows(axes, [f"{row.stage} {row.domain}".strip() for row in rows])
        axes.margins(x=0.18)
        axes.set_xlabel("seconds")
        axes.grid(axis="x")
        add_legend(axes, 3)
    return to_svg(figure, "stages", "Seconds of each stage")


def _bars(
    name: str,
    description: str,
    series: Series,
    labels: list[str],
    text: Callable[[float], str],
    unit: str,
) -> str:
    drawn = [
        (place, row, value)
        for place, values in enumerate(series.values())
        for row, value in enumerate(values)
    ]
    if not any(value is not None for _, _, value in drawn):
        return ""
    names, thickness = list(series), 0.8 / len(series)
    with canvas(0.55 + len(labels) * (len(series) + 1) * BAR + legend_height(len(series), 3)) as (
        figure,
        axes,
    ):
        for place, row, value in drawn:
            if value is not None:
                height = row - 0.4 + (place + 0.5) * thickness
                colour = series_colour(place)
                bar = axes.barh(height, value, 0.88 * thickness, color=colour, label=names[place])
                axes.bar_label(bar, [text(value)], padding=4, fontsize=9)
        name_rows(axes, labels)
        axes.margins(x=0.12)
        axes.set_xlabel(unit)
        axes.grid(axis="x")
        add_legend(axes, 3)
    return to_svg(figure, name, description)


def _pieces(groups: Sequence[ByteGroup]) -> dict[str, float]:
    """Return megabytes by name, largest first, small ones together at the end."""
    total = sum(group.bytes for group in groups)
    pieces: dict[str, float] = {}
    for group in groups:
        large = group.bytes >= SMALL * total
        name = f"{group.group} ({group.dtype})" if large else "everything else"
        pieces[name] = pieces.get(name, 0.0) + group.bytes / MEGA
    return pieces


def _megabytes(part: DomainReport, step: str) -> float | None:
    value = part.sizes.known().get(step)
    return None if value is None else value / MEGA
