"""Pins the page of compared routers: all are on it, and no winner is named inside the noise.

Also: what leaks is said before any figure, and hostile names stay text.
"""

import re
from xml.etree import ElementTree as ET

import pytest
import router_run

from flows.report.comparison_page import comparison_chart, comparison_page, comparison_tables, verdict

ATTACK = "<script>alert('$x$ & \"1\"')</script>"


def test_the_comparison_holds_every_router_and_needs_nothing_else() -> None:
    text = comparison_page(router_run.compared())
    for row in router_run.compared():
        assert f'<th scope="row">{row.name}</th>' in text
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\((?!#)", text)
    label = ET.fromstring(comparison_chart(router_run.compared())).get("aria-label", "")  # noqa: S314  our own
    assert "tfidf: accuracy 93.1 %, 0.62 ms at the 95th percentile" in label


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (("worse", "best"), "tfidf-reference routes more questions right than every other router"),
        (("not distinguishable", "not distinguishable"), "keywords and tfidf-reference cannot be told apart"),
        (("not compared",), "One router alone was measured"),
    ],
)
def test_a_comparison_names_no_winner_inside_the_noise(verdicts: tuple[str, ...], sentence: str) -> None:
    pairs = zip(router_run.compared(), verdicts, strict=False)
    rows = [row.model_copy(update={"verdict": verdict}) for row, verdict in pairs]
    assert sentence in verdict(rows)


def test_leaked_test_questions_are_said_before_any_figure_of_a_comparison() -> None:
    clean = [
        row.model_copy(update={"repeated_questions": 0, "near_questions": 0}) for row in router_run.compared()
    ]
    text = comparison_page(router_run.compared())
    assert text.index("3 are word for word among the training questions") < text.index("96.9 %")
    assert "Read this first" not in comparison_page(clean)


def test_a_comparison_without_scope_cascade_or_leak_free_figures_leaves_them_out() -> None:
    lacking = {"out_of_scope": None, "stages": {}, "leak_free_accuracy": None, "leak_free_low": None}
    rows = [row.model_copy(update={**lacking, "leak_free_high": None}) for row in router_run.compared()]
    assert [name for name, table in comparison_tables(rows).items() if not table.rows] == ["scope", "stages"]
    text = comparison_page(rows)
    assert "belong nowhere" not in text
    assert "accuracy, all test questions" in text


def test_hostile_names_of_compared_routers_stay_text() -> None:
    rows = [row.model_copy(update={"name": ATTACK}) for row in router_run.compared()]
    assert "<script" not in comparison_page(rows)
