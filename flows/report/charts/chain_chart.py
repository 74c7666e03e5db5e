"""The chain of every expert: a `Report` in, an `<svg>` out: what each step to the phone costs in perplexity.

Ratios on a logarithmic axis, because the steps multiply.
"""

from flows.report.charts.svg import MUTED, add_legend, canvas, name_rows, series_colour, to_svg
from flows.report.schema import Report
from tasks.records.chain import Link

ROW = 0.24
"""Inches for one point."""


def chain_chart(report: Report) -> str:
    """Draw each link's ratio of perplexities with its interval; empty where none was measured."""
    chains = {
        name: [link for link in part.evaluation.chain if link.perplexity_ratio]
        for name, part in report.domains.items()
        if part.evaluation
    }
    chains = {name: links for name, links in chains.items() if links}
    names = list(dict.fromkeys(link.name for links in chains.values() for link in links))
    if not names:
        return ""
    with canvas(1.1 + len(names) * (len(chains) + 1) * ROW) as (figure, axes):
        for number, (domain, links) in enumerate(chains.items()):
            shift = (number - (len(chains) - 1) / 2) / (len(chains) + 1)
            places = [names.index(link.name) + shift for link in links]
            values, ends = _points(links)
            colour = series_colour(number)
            axes.errorbar(values, places, xerr=ends, fmt="o", markersize=5, color=colour, label=domain)
        name_rows(axes, [name.replace("->", "→") for name in names])
        axes.axvline(1.0, color=MUTED, lw=0.8)
        axes.margins(x=0.14)
        axes.set_xlabel("perplexity after the step / before it (1 is no loss)")
        axes.grid(axis="x")
        add_legend(axes, 3)
    return to_svg(
        figure, "chain", "Perplexity ratio of each step to the phone, by domain, with 95 % intervals"
    )


def _points(links: list[Link]) -> tuple[list[float], list[list[float]]]:
    ratios = [link.perplexity_ratio for link in links if link.perplexity_ratio]
    values = [ratio.value for ratio in ratios]
    ends = [
        [ratio.value - ratio.ends[0] for ratio in ratios],
        [ratio.ends[1] - ratio.value for ratio in ratios],
    ]
    return values, ends
