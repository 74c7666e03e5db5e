"""The other charts of the page: parts of a `Report` in, `<svg>` elements out, or nothing without figures.

Perplexities are points with intervals and not bars, because a bar from zero would hide the differences.
"""

from flows.report import words
from flows.report.charts.svg import add_legend, canvas, legend_height, name_rows, series_colour, to_svg
from flows.report.schema import DomainReport, Report
from tasks.records.estimate import Estimate

ROW = 0.22
"""Inches for one point."""
SYSTEMS = ("base model", "generalist", "expert", "expert, INT4")


def perplexity_chart(report: Report) -> str:
    """Draw each domain's perplexities with their intervals; lower is better."""
    domains = list(report.domains)
    points = {
        (domain, system): measured
        for domain in domains
        for system, measured in _perplexities(report.domains[domain]).items()
    }
    if not points:
        return ""
    with canvas(0.9 + len(domains) * (len(SYSTEMS) + 1) * ROW) as (figure, axes):
        for (domain, system), measured in points.items():
            value, (low, high) = measured.value, measured.ends
            place = domains.index(domain) + (SYSTEMS.index(system) - 1.5) / (len(SYSTEMS) + 1)
            colour = series_colour(SYSTEMS.index(system))
            ends = [[value - low], [high - value]]
            axes.errorbar(value, place, xerr=ends, fmt="o", markersize=5, color=colour, label=system)
            axes.annotate(
                words.figure(value),
                (high, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        name_rows(axes, domains)
        axes.margins(x=0.14)
        axes.set_xlabel("perplexity of the reference answers (lower is better)")
        axes.grid(axis="x")
        add_legend(axes, 2)
    return to_svg(figure, "perplexity", "Perplexity by domain and system with 95 % intervals")


def losses_chart(report: Report) -> str:
    """Draw the training loss of every adapter."""
    runs = {name: part.training for name, part in report.domains.items()}
    curves = {name: run.step_losses for name, run in runs.items() if run and run.step_losses}
    if report.generalist.training and report.generalist.training.step_losses:
        curves["generalist"] = report.generalist.training.step_losses
    if not curves:
        return ""
    with canvas(2.5 + legend_height(len(curves), 3)) as (figure, axes):
        for place, (name, losses) in enumerate(curves.items()):
            steps = range(1, len(losses) + 1)
            axes.plot(steps, losses, color=series_colour(place), label=name, lw=1.6, marker=".", markersize=3)
        axes.set_xlabel("optimizer step")
        axes.set_ylabel("loss (nats per token)")
        axes.grid(axis="y")
        add_legend(axes, 3)
    return to_svg(figure, "losses", "Training loss by step")


def _perplexities(part: DomainReport) -> dict[str, Estimate]:
    if part.evaluation is None:
        return {}
    measured, edge = part.evaluation.perplexity, part.evaluation.edge_perplexity
    found = (measured.base, measured.generalist, measured.expert, *([edge.edge] if edge else ()))
    return dict(zip(SYSTEMS, found, strict=False))
