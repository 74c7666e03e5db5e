"""The page of a run: a `Report` in, one self-contained HTML document out.

Everything that comes from documents, models or configuration passes through the template's
autoescaping; only the charts, which matplotlib has escaped, are inserted as they are.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from flows.report import words
from flows.report.charts.drawn import draw_charts
from flows.report.derived import descriptions, measured
from flows.report.evaluation_samples import verdict
from flows.report.pair_account import pairs_to_read
from flows.report.schema import Report, TrainedReport
from flows.report.tables import account_tables
from flows.report.tables import result_tables as tables
from flows.report.tables.chain_table import chain_table
from flows.report.tables.healing_table import healing_table
from flows.report.tables.pages import STATES, page_maps
from flows.report.tables.recall_table import recall_table
from flows.report.tables.recipe_table import recipe_table
from flows.report.tables.router_tables import MATRIX, router_tables
from flows.report.tables.table import Table
from tasks.records.files import read_json, write_json
from tasks.records.funnel import FunnelCounts
from tasks.records.training import Training

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
            verdict=verdict,
            figures=key_figures(report),
            charts={name: Markup(svg) for name, svg in draw_charts(report, earlier).items()},  # noqa: S704  made by matplotlib
            tables=_tables(report),
            trained=_trained(report),
            samples={name: run.sample for name, run in _trained(report).items() if run.sample},
            documents={name: account_tables.documents_table(part) for name, part in report.domains.items()},
            removed={name: account_tables.removed(part) for name, part in report.domains.items()},
            unreadable=account_tables.unreadable_files(report),
            unreadable_pages=account_tables.unreadable_pages(report),
            other_parsers=account_tables.other_parsers(report),
            copies=account_tables.copies(report),
            maps=page_maps(report),
            pairs={name: pairs_to_read(part.pairs_to_read) for name, part in report.domains.items()},
            descriptions=descriptions(report),
            asking=measured(report, "route"),
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
    evaluated = [part.evaluation for part in parts if part.evaluation]
    gains = [one.perplexity.expert.value / one.perplexity.base.value for one in evaluated]
    losses = [one.edge_perplexity.loss.value for one in evaluated if one.edge_perplexity]
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


def _trained(report: Report) -> dict[str, Training]:
    """Return how each adapter was trained, by name."""
    parts: dict[str, TrainedReport] = {**report.domains, "generalist": report.generalist}
    return {name: part.training for name, part in parts.items() if part.training}


def _tables(report: Report) -> dict[str, Table]:
    return {
        "pairs": account_tables.pairs_table(report),
        "cost": account_tables.cost_table(report),
        "recall": recall_table(report),
        "results": tables.results_table(report),
        "systems": tables.systems_table(report),
        "scores": tables.scores_table(report),
        **router_tables(report),
        "sizes": tables.sizes_table(report),
        "breakdown": tables.breakdown_table(report),
        "edge": tables.edge_table(report),
        "training": tables.training_table(report),
        "recipe": recipe_table(report),
        "healing": healing_table(report),
        "chain": chain_table(report),
        "stages": tables.stages_table(report.stages),
    }


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def write_report(summary: Report, folder: Path) -> None:
    """Write both files; the page is written from the same value as the JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    # Through pydantic's own JSON, which turns infinities and NaN into null.
    write_json(folder / "report.json", json.loads(summary.model_dump_json(by_alias=True)))
    (folder / "report.html").write_text(render(summary, _earlier(folder)), encoding="utf-8")


def read_report(path: Path) -> Report:
    """Read a report.json of this schema; raise DataError where it is another."""
    return read_json(path, Report, "run the configuration again: what is unchanged comes from the cache")


def _earlier(folder: Path) -> str:
    """Return the page of the newest finished run beside `folder`, if there is one."""
    page = folder.parent / "latest" / "report.html"
    return page.read_text(encoding="utf-8") if page.is_file() else ""


@dataclass(frozen=True)
class Step:
    """One row of the funnel."""

    label: str
    count: int
    kind: Literal["there", "lost", "kept"]
    offset: float
    width: float
    """Per cent of the longest bar."""


def steps(funnel: FunnelCounts) -> list[Step]:
    """Return the steps from planned to kept; losses of nothing are left out."""
    rows = [row for row in _rows(funnel) if row[1] or row[2] != "lost"]
    longest = max((count for _, count, _ in rows), default=0) or 1
    found, level = [], 0
    for label, count, kind in rows:
        level = level - count if kind == "lost" else count
        start = max(0, level) if kind == "lost" else 0
        found.append(Step(label, count, kind, 100 * start / longest, 100 * count / longest))
    return found


def _rows(funnel: FunnelCounts) -> list[tuple[str, int, Literal["there", "lost", "kept"]]]:
    rows: list[tuple[str, int, Literal["there", "lost", "kept"]]] = []
    if funnel.not_asked:
        rows += [("planned", funnel.planned or 0, "there"), ("left by the budget", funnel.not_asked, "lost")]
    rows.append(("asked for", funnel.asked or 0, "there"))
    rows.append(("no reply", funnel.no_reply or 0, "lost"))
    rows.append(("returned", funnel.returned or 0, "there"))
    rows.append(("not readable", funnel.unread or 0, "lost"))
    rows.append(("parsed", funnel.parsed or 0, "there"))
    given = (funnel.examples or 0) + (funnel.restored or 0)
    if given:
        rows.append(("with those given", (funnel.parsed or 0) + given, "there"))
    reasons = sorted(funnel.rejected.items(), key=lambda item: (-item[1], item[0]))
    rows += [(words.said(reason), count, "lost") for reason, count in reasons]
    return [*rows, ("kept", funnel.kept or 0, "kept")]
