"""The page of a run: a `Report` in, one self-contained HTML document out.

Everything that comes from documents, models or configuration passes through the template's
autoescaping; only the charts, which matplotlib has escaped, are inserted as they are.
"""

import json
import re
from pathlib import Path
from statistics import fmean

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from flows.report import account_tables, tables, words
from flows.report.drawn import draw_charts
from flows.report.pages import STATES, page_maps
from flows.report.router_tables import MATRIX, router_tables
from flows.report.schema import Report
from flows.report.steps import steps
from flows.report.table import Table

_HERE = Path(__file__).parent
_CODE = re.compile(r"`([^`\n]+)`")


def render(report: Report, earlier: str = "") -> str:
    """Return the report as HTML that needs no other file and no network.

    `earlier` is the page of another run, whose charts are taken over where they show the same figures.
    """
    return (
        templates()
        .get_template("page.html.jinja")
        .render(
            report=report,
            words=words,
            figures=key_figures(report),
            charts={name: Markup(svg) for name, svg in draw_charts(report, earlier).items()},  # noqa: S704  made by matplotlib
            tables=_tables(report),
            documents={name: account_tables.documents_table(part) for name, part in report.domains.items()},
            removed={name: account_tables.removed(part) for name, part in report.domains.items()},
            unreadable=account_tables.unreadable_files(report),
            copies=account_tables.copies(report),
            maps=page_maps(report),
            matrix=MATRIX,
            states=STATES,
            steps=steps,
            config=_pretty(report.model_dump(mode="json")["config"]),
            notes=_pretty(report.router.notes if report.router else {}),
        )
    )


def templates() -> Environment:
    """Return the pages' templates, which escape every value."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = with_code
    return environment


def with_code(text: str) -> Markup:
    """Escape `text`, then set what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped just before


def key_figures(report: Report) -> list[tuple[str, str, str]]:
    """Return the figures on top of the page: name, value, and what it means."""
    parts = report.domains.values()
    gains = [
        part.perplexity.expert.value / part.perplexity.base.value
        for part in parts
        if part.perplexity.expert and part.perplexity.base
    ]
    losses = [part.edge_perplexity.loss for part in parts if part.edge_perplexity]
    funnels = [part.funnel for part in parts if part.funnel]
    kept, asked = (sum(getattr(one, name) or 0 for one in funnels) for name in ("kept", "asked"))
    bundles = [part.sizes.bundle for part in parts if part.sizes.bundle]
    router = report.router
    found = [
        (
            "Router",
            words.percent(router.accuracy),
            f"of {router.questions} held-out questions reach their expert",
        )
        if router
        else None,
        ("Experts", words.change(fmean(gains)), "perplexity against the base model, mean of the domains")
        if gains
        else None,
        ("Pairs", words.count(kept), f"questions and answers kept, {asked:,} asked for") if funnels else None,
        ("Bundle", words.size(max(bundles)), "the largest file that goes onto a phone") if bundles else None,
        ("INT4", words.change(1 + max(losses)), "perplexity against the float model, worst domain")
        if losses
        else None,
        ("Time", words.minutes(report.seconds), "for this run, from start to report"),
        ("Memory", words.size(report.peak_memory_bytes), "at the peak") if report.peak_memory_bytes else None,
    ]
    return [figure for figure in found if figure]


def _tables(report: Report) -> dict[str, Table]:
    return {
        "pairs": account_tables.pairs_table(report),
        "cost": account_tables.cost_table(report),
        "results": tables.results_table(report),
        "systems": tables.systems_table(report),
        **router_tables(report.router),
        "sizes": tables.sizes_table(report),
        "breakdown": tables.breakdown_table(report),
        "edge": tables.edge_table(report),
        "training": tables.training_table(report),
        "stages": tables.stages_table(report.stages),
    }


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
