"""Size against quality: a `Report` in, an `<svg>` out: what each recipe takes, and what it costs."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from flows.report.charts.svg import BAD, GOOD, MUTED, add_legend, canvas, series_colour, to_svg
from flows.report.schema import Report
from tasks.records.recipe import TriedRecipe

HEIGHT = 2.9


def recipe_chart(report: Report) -> str:
    """Draw every recipe that was tried with its interval, and the bound; empty where none was searched."""
    search = report.recipe
    if search is None:
        return ""
    mixed = [one for one in search.tried if one.quantization.get("int8_layers")]
    uniform = [one for one in search.tried if one not in mixed]
    with canvas(HEIGHT) as (figure, axes):
        for place, (label, recipes) in enumerate((("uniform", uniform), ("mixed", mixed))):
            _draw(axes, recipes, label, series_colour(place))
        best = search.choice()
        axes.plot(
            best.bytes / 1e6,
            _percent(best.perplexity_ratio.value),
            "o",
            markersize=12,
            mfc="none",
            color=GOOD,
        )
        axes.axhline(100 * search.max_loss, color=BAD, lw=0.8, ls="--")
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.margins(x=0.1)
        axes.set_xlabel("weights in the bundle, MB")
        axes.set_ylabel("perplexity, change in %")
        axes.grid(axis="y")
        add_legend(axes, 2)
    return to_svg(figure, "recipe", "Bytes of each recipe against its change of perplexity, and the bound")


def _draw(axes: Axes, recipes: Sequence[TriedRecipe], label: str, colour: str) -> None:
    if not recipes:
        return
    values = [_percent(one.perplexity_ratio.value) for one in recipes]
    ends = [[_percent(one.perplexity_ratio.ends[side]) for one in recipes] for side in (0, 1)]
    below = [value - low for value, low in zip(values, ends[0], strict=True)]
    above = [high - value for value, high in zip(values, ends[1], strict=True)]
    sizes = [one.bytes / 1e6 for one in recipes]
    axes.errorbar(sizes, values, yerr=[below, above], fmt="o", markersize=5, color=colour, label=label)


def _percent(ratio: float) -> float:
    return 100 * (ratio - 1)
