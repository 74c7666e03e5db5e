"""Charts: one that shows the same figures is taken over from an earlier page, and no other one is."""

from pathlib import Path

import pytest
from report_run import CONFIG, facts, stage_rows, write_run

from flows.report.charts.drawn import draw_charts
from flows.report.collect import collect
from flows.report.schema import Report

pytestmark = pytest.mark.slow


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return collect(write_run(tmp_path), stage_rows(), CONFIG, facts())


def marked(charts: dict[str, str]) -> str:
    """Return a page with these charts, each of which says that it is old."""
    return "".join(chart.replace("</svg>", "<desc>old</desc></svg>") for chart in charts.values())


def old(charts: dict[str, str]) -> set[str]:
    return {name for name, chart in charts.items() if "<desc>old</desc>" in chart}


def drawn(charts: dict[str, str]) -> set[str]:
    return {name for name, chart in charts.items() if chart}


def test_charts_of_unchanged_figures_are_taken_over(report: Report) -> None:
    before = draw_charts(report)
    another = report.model_copy(update={"run": "demo-2", "seconds": 3.0})
    assert old(draw_charts(another, marked(before))) == drawn(before)


def test_a_stage_that_came_from_the_cache_redraws_what_shows_stages(report: Report) -> None:
    before = draw_charts(report)
    rows = [row.model_copy(update={"status": "cached"}) for row in report.stages]
    after = draw_charts(report.model_copy(update={"stages": rows}), marked(before))
    assert drawn(after) - old(after) == {"dag", "stages"}


def test_changed_figures_are_drawn(report: Report) -> None:
    before = draw_charts(report)
    domains = {name: part.model_copy(update={"evaluation": None}) for name, part in report.domains.items()}
    after = draw_charts(report.model_copy(update={"domains": domains}), marked(before))
    assert old(after) == {"confusion", "dag", "stages", "funnel", "types"}
