"""Pins the router's part of the report: both splits named, every curve and bar shown, nothing invented.

Also: hostile names and questions stay text, and a target that is missed beyond chance is a warning.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import router_run
from evaluation_run import written
from report_run import CONFIG, DOMAINS, facts, stage_rows, write_run

from flows.report.collect import collect
from flows.report.html import render
from flows.report.schema import Report
from flows.report.tables import router_tables
from flows.report.tables.result_tables import markdown_summary

pytestmark = pytest.mark.slow

ATTACK = "<script>alert('$x$ & \"1\"')</script>"
OPTIONAL = {
    "kind": "of the kind",
    "ece": "expected calibration error (ECE) is",
    "splits": "without near copies",
    "calibration": "probabilities are calibrated",
    "ambiguous": "Ambiguous questions",
    "reliability": "Reliability diagram.",
    "risk_coverage": "Risk-coverage curve.",
    "aurc": "AURC",
    "operating": "were asked for",
    "out_of_scope": "AUROC",
    "suites": "Robustness suites",
    "stages": "Stages of the cascade",
    "notes": "Candidates of the router",
}
"""What a router of an earlier version lacks, and what the page says of it elsewhere."""


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    return write_run(tmp_path)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return collected(write_run(tmp_path_factory.mktemp("run")), DOMAINS)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render(report)


def collected(
    folders: dict[str, Path], labels: tuple[str, ...], lacking: Sequence[str] = (), **changes: object
) -> Report:
    """Collect a run whose router has every figure, but for `changes` in its file and what it lacks."""
    content = {**router_run.router_report(labels), **changes}
    rewrite(
        folders["router"], "report.json", {name: content[name] for name in content if name not in lacking}
    )
    measured = written(DOMAINS)
    routed = {**measured["router"], "tax": router_run.tax(labels)}
    rewrite(folders["evaluation"], "evaluation.json", {**measured, "warnings": [], "router": routed})
    bars = {name: bar for name, bar in router_run.SUITES.items() if bar}
    rows = [
        row.model_copy(update={"metrics": router_run.METRICS}) if row.stage == "route" else row
        for row in stage_rows()
    ]
    return collect(folders, rows, {**CONFIG, "route": {"suites": bars}}, facts())


def rewrite(folder: Path, file: str, value: object) -> None:
    (folder / file).write_text(json.dumps(value), encoding="utf-8")


def test_every_figure_of_the_router_is_in_the_report(report: Report) -> None:
    found = report.router
    assert found is not None
    assert found.stratified_8020 is not None
    assert (found.kind, found.ece, found.stratified_8020.accuracy) == ("cascade", 0.0139, 0.961)
    assert {name: split.accuracy for name, split in found.splits.items()} == {
        "leak_free": 0.917,
        "leaky_8020": 0.961,
        "ambiguous": 0.61,
        "unambiguous": 0.943,
    }
    assert (len(found.reliability), len(found.risk_coverage)) == (8, 60)
    assert found.operating is not None
    assert (found.operating.threshold, found.operating.target) == (0.47, 0.02)
    assert found.out_of_scope is not None
    assert [one.loss for one in found.out_of_scope.recalls] == [0.01, 0.02, 0.04, 0.05]
    assert [one.kind for one in found.candidates()] == ["tfidf", "cascade"]
    assert report.tax is not None
    dearest = report.tax.pairs[0]
    assert (dearest.domain, dearest.asked, dearest.questions) == ("anxiety", "depression", 6)
    assert Report.model_validate_json(report.model_dump_json(by_alias=True)) == report


def test_bars_of_the_configuration_and_times_of_the_stage_stand_beside_the_figures(report: Report) -> None:
    tables = router_tables.router_tables(report)
    assert [row[5:] for row in tables["suites"].rows] == [
        ("85.0 %", "cleared"),
        ("90.0 %", "missed"),
        ("88.0 %", "cleared"),
        ("–", "no bar"),
        ("70.0 %", "missed"),
    ]
    assert [(row[1], row[3]) for row in tables["shares"].rows] == [
        ("34.0 %", "0.021 ms"),
        ("49.0 %", "0.43 ms"),
        ("17.0 %", "5.20 ms"),
    ]
    assert dict(tables["speed"].rows)["files"] == "24.3 MB"


def test_both_splits_stand_side_by_side_under_their_names(report: Report, folders: dict[str, Path]) -> None:
    assert report.router is not None
    rows = {row[0]: row[1:3] for row in router_tables.splits_table(report.router).rows}
    assert rows == {
        "test questions: from passages that training never saw": ("92.0 %", "90.5 to 93.3 %"),
        "leak-free: without near copies": ("91.7 %", "90.2 to 93.1 %"),
        "without ambiguous questions: nearest to their own": ("94.3 %", "90.2 to 93.1 %"),
        "ambiguous questions alone: nearer to another domain": ("61.0 %", "90.2 to 93.1 %"),
        "leaky 80/20: a stratified fifth": ("96.1 %", "95.0 to 97.0 %"),
    }
    names = [row[0].partition(":")[0] for row in router_tables.splits_table(report.router).rows]
    assert names == [
        "test questions",
        "leak-free",
        "without ambiguous questions",
        "ambiguous questions alone",
        "leaky 80/20",
    ]
    older = collected(folders, DOMAINS, splits={}).router
    assert older is not None
    names = [row[0].partition(":")[0] for row in router_tables.splits_table(older).rows]
    assert names == ["leak-free", "leaky 80/20"]


def test_ambiguous_questions_are_counted_and_the_accuracy_that_leads_is_of_all(
    report: Report, page: str
) -> None:
    rows = router_tables.router_tables(report)["ambiguous"].rows
    assert rows == tuple((name, "31", "30", "4", "7") for name in DOMAINS)
    text = " ".join(page.split())
    assert "92.0 % of 300 held-out questions reach their own expert" in text
    assert "nearer to another domain's passages than to its own" in text


def test_the_chosen_thresholds_are_said_with_what_they_reach_and_what_was_asked_for(page: str) -> None:
    text = " ".join(page.split())
    said = (
        "from a probability of 0.470 on: 87.1 % of the held-out questions",
        "of which 1.8 % go to a wrong expert (95 % interval 1.1 to 2.9 %); at most 2.0 % were asked for",
        "Below a chance of 0.310 of being in scope a question is held for out of scope.",
        "3.1 % of the held-out questions, all of them in scope; at most 4.0 % were asked for",
    )
    for sentence in said:
        assert sentence in text, sentence


def test_every_chart_says_in_words_what_it_shows(page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    spoken = [ET.fromstring(drawing).get("aria-label", "") for drawing in drawings]  # noqa: S314  our own
    for words in ("Confusion matrix", "Reliability diagram", "Risk-coverage", "by suite", "by each stage"):
        assert sum(words in label for label in spoken) == 1, words
    assert "87.1 %" in next(label for label in spoken if label.startswith("Risk-coverage"))


def test_ids_stay_unique_and_nothing_is_loaded(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\((?!#)|https?://(?!www\.w3\.org)", page)


def test_without_questions_out_of_scope_one_line_says_so(folders: dict[str, Path], page: str) -> None:
    text = render(collected(folders, DOMAINS, out_of_scope=None), page)
    assert text.count("No questions out of scope were given") == 1
    assert "AUROC" not in text
    noted = render(collected(folders, DOMAINS, out_of_scope=None, out_of_scope_note="Name a file."), page)
    assert "<p>Name a file.</p>" in noted


@pytest.mark.parametrize("lacking", [[name] for name in OPTIONAL] + [list(OPTIONAL)])
def test_what_an_older_router_lacks_is_left_out_without_a_problem(
    folders: dict[str, Path], page: str, lacking: list[str]
) -> None:
    older = collected(folders, DOMAINS, lacking=lacking)
    assert not [warning for warning in older.warnings if "router/report.json" in warning]
    text = render(older, page)
    for name in lacking:
        assert OPTIONAL[name] in page
        assert OPTIONAL[name] not in text


def test_no_threshold_is_claimed_where_none_was_asked_for(folders: dict[str, Path], page: str) -> None:
    own = router_run.operating(target=None, max_rejected=None)
    text = " ".join(render(collected(folders, DOMAINS, operating=own), page).split())
    assert "No confidence threshold was asked for: experts answer 87.1 % of the held-out questions" in text
    assert "were asked for" not in text


def test_hostile_names_and_questions_stay_text(folders: dict[str, Path]) -> None:
    labels = (ATTACK, "`b`", "a|b\n$c$")
    report = collected(folders, labels, kind=ATTACK)
    assert report.router is not None
    worst = report.router.suites[0].worst[0].model_copy(update={"question": ATTACK, "clean": [ATTACK]})
    suite = report.router.suites[0].model_copy(update={"worst": [worst], "right": ATTACK, "name": ATTACK})
    hostile = report.router.model_copy(update={"suites": [suite]})
    text = render(report.model_copy(update={"router": hostile}))
    assert "<script" not in text
    assert str(escape(ATTACK, quote=False)) in text.replace("&#39;", "'").replace("&#34;", '"')
    assert "<script" not in markdown_summary(report)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"operating": router_run.operating(risk=0.034, risk_low=0.026)},
            "router: 3.4 % of the answered questions are misrouted, more than the 2.0 % asked for.",
        ),
        (
            {"mean_confidence": 0.99},
            (
                "router: it is 99 % sure on average, but right in 90.5 to 93.3 % (95 % interval), so its"
                " confidences mislead."
            ),
        ),
        (
            {"leaks": {"identical": 2, "near_identical": 7}},
            (
                "router: 5 of 300 held-out questions say nearly the same as a training question; the"
                " leak-free figure leaves them out."
            ),
        ),
        (
            {"suites": [{**router_run.router_report(DOMAINS)["suites"][0], "accuracy": 0.8}]},
            "router: the suite `typos` reaches 80.0 %, below its bar of 85.0 %.",
        ),
    ],
)
def test_a_target_that_is_missed_is_a_warning(
    folders: dict[str, Path], changes: dict[str, object], warning: str
) -> None:
    assert warning in collected(folders, DOMAINS, **changes).warnings


def test_a_target_missed_by_no_more_than_chance_is_no_warning(folders: dict[str, Path]) -> None:
    own = router_run.operating(risk=0.021, risk_low=0.013)
    warnings = collected(folders, DOMAINS, operating=own).warnings
    assert not [warning for warning in warnings if "asked for" in warning]


def test_targets_that_are_met_bring_no_warning(folders: dict[str, Path]) -> None:
    met = [suite for suite in router_run.router_report(DOMAINS)["suites"] if suite["name"] == "typos"]
    warnings = collected(folders, DOMAINS, suites=met).warnings
    assert not [warning for warning in warnings if warning.startswith("router")]


def test_tables_of_the_router_have_a_cell_for_every_header(report: Report) -> None:
    for name, table in router_tables.router_tables(report).items():
        assert table.rows, name
        assert {len(row) for row in table.rows} == {len(table.headers)}, name


def test_a_loss_measured_on_too_few_questions_has_no_interval(report: Report) -> None:
    rows = {row[:2]: row for row in router_tables.tax_table(report.tax).rows}
    assert rows["anxiety", "depression"][3] == "+0.12 (+0.10 to +0.15)"
    assert rows["ocd", "anxiety"][3] == "+0.12"
    assert rows["ocd", "anxiety"][-1] == "too few questions to tell (4)"
