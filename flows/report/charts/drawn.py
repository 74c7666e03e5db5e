"""The charts of a page, each drawn once: a `Report` and an earlier page in, `<svg>` elements by name out.

A chart shows nothing but the figures it is drawn from. One that an earlier page drew from the same
figures with the same code is taken over, because drawing takes longer than all the rest of a run
that builds nothing, and so does importing what draws.
"""

import hashlib
import importlib.metadata
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from flows.report.derived import suite_bars
from flows.report.schema import Report
from tasks.records.router import RouterReport

_DRAWN = re.compile(r'<svg data-drawn="([0-9a-f]{64})".*?</svg>', re.DOTALL)
_FIGURES = ("perplexity", "sizes", "breakdown", "losses", "chain")
"""Charts of what the domains' stages measured."""
_FUNNELS = ("funnel", "types")
_ROUTER = {
    "confusion": {"labels", "confusion"},
    "reliability": {"reliability", "ece"},
    "risk": {"risk_coverage", "operating"},
    "suites": {"suites"},
    "shares": {"stages"},
}
"""Charts of the router, and what each is drawn from."""
_LONG = {"documents", "pages", "pairs_to_read", "samples", "funnel"}
"""Parts of a domain that those charts do not show, some of them long."""


def draw_charts(report: Report, earlier: str = "") -> dict[str, str]:
    """Return every chart of `report`; empty where there is nothing to draw."""
    known = {match[1]: match[0] for match in _DRAWN.finditer(earlier)}
    charts = {}
    for name, figures in _seen(report).items():
        key = hashlib.sha256(f"{name}\n{_drawing()}\n{figures}".encode()).hexdigest()
        charts[name] = known.get(key) or _marked(_draw(name, report), key)
    return charts


def _seen(report: Report) -> dict[str, str]:
    """Return what each chart is drawn from."""
    measured = report.model_dump_json(
        include={"domains", "generalist"}, exclude={"domains": {"__all__": _LONG}}
    )
    stages = json.dumps(list(report.domains)) + report.model_dump_json(include={"stages"})
    funnels = {name: part.model_dump(include={"funnel"}) for name, part in report.domains.items()}
    router = {
        name: report.router.model_dump_json(include=fields) if report.router else ""
        for name, fields in _ROUTER.items()
    }
    return {
        "dag": stages,
        **router,
        "suites": router["suites"] + json.dumps(suite_bars(report)),
        "stages": stages,
        "recipe": report.model_dump_json(include={"recipe"}),
        **dict.fromkeys(_FIGURES, measured),
        **dict.fromkeys(_FUNNELS, json.dumps(funnels)),
    }


@cache
def _drawing() -> str:
    """Return what tells this code and its library from others."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    content = b"".join(path.read_bytes() for path in sources)
    return f"{hashlib.sha256(content).hexdigest()} {importlib.metadata.version('matplotlib')}"


def _marked(chart: str, key: str) -> str:
    return chart.replace("<svg ", f'<svg data-drawn="{key}" ', 1)


def _draw(name: str, report: Report) -> str:
    from flows.report.charts import bars, curves, funnels
    from flows.report.charts.chain_chart import chain_chart
    from flows.report.charts.dag_chart import dag_chart
    from flows.report.charts.recipe_chart import recipe_chart

    if name in _ROUTER:
        return _draw_router(name, report.router, suite_bars(report)) if report.router else ""
    drawers: dict[str, Callable[[Report], str]] = {
        "dag": lambda report: dag_chart(report) if report.domains else "",
        "perplexity": curves.perplexity_chart,
        "funnel": funnels.funnel_chart,
        "types": funnels.types_chart,
        "sizes": bars.sizes_chart,
        "breakdown": bars.breakdown_chart,
        "losses": curves.losses_chart,
        "chain": chain_chart,
        "recipe": recipe_chart,
        "stages": lambda report: bars.stages_chart(report.stages),
    }
    return drawers[name](report)


def _draw_router(name: str, router: RouterReport, bars: Mapping[str, float]) -> str:
    from flows.report.charts import confidence_charts, router_charts

    drawers: dict[str, Callable[[RouterReport], str]] = {
        "confusion": router_charts.confusion_chart,
        "reliability": confidence_charts.reliability_chart,
        "risk": confidence_charts.risk_chart,
        "suites": lambda router: router_charts.suites_chart(router, bars),
        "shares": router_charts.shares_chart,
    }
    return drawers[name](router)
