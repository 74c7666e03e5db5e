"""Pins the account of the data in the report: funnels that add up, every page on the map, safe and small.

Also: files of an earlier version have a page too, and a hundred domains with long books stay usable.
"""

import json
import time
from pathlib import Path

import account_run
import pytest
from report_run import CONFIG, DOMAINS, facts, stage_rows, write_run

from flows.report.collect import collect
from flows.report.html import render, steps
from flows.report.pair_account import DocumentPages, Gap, documents, pairs_to_read
from flows.report.schema import DomainReport, Report
from flows.report.tables import account_tables
from flows.report.tables.pages import CELLS, page_maps
from tasks.records.funnel import Funnel


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    return write_run(tmp_path)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the unchanged run, whose charts the tests take over, because drawing takes seconds."""
    return render(collected(write_run(tmp_path_factory.mktemp("drawn"))))


def collected(folders: dict[str, Path]) -> Report:
    return collect(folders, stage_rows(), CONFIG, facts())


def rewrite(folder: Path, file: str, value: object) -> None:
    (folder / file).write_text(json.dumps(value), encoding="utf-8")


def test_funnel_documents_pages_costs_and_pairs_are_in_the_report(folders: dict[str, Path]) -> None:
    part = collected(folders).domains["depression"]
    assert part.funnel is not None
    assert part.funnel.question_types == {"factual": 60, "how": 38, "why": 39}
    assert account_tables.removed(part) == {"references": 31, "running_lines": 12}
    (document,) = documents(part.documents, part.pages, part.funnel)
    assert document.pages.kept == [8, 1, 0, 0, 0, 4, 0, 0]
    assert [(gap.first, gap.last, gap.state) for gap in document.pages.gaps] == [
        (3, 4, "rejected"),
        (5, 5, "skipped"),
        (7, 7, "removed"),
        (8, 8, "no_text"),
    ]
    assert document.pages.gaps[0].why == {"duplicate": 3, "not_grounded": 2}
    assert document.counts.kept == 137
    pairs = pairs_to_read(part.pairs_to_read)
    assert [pair.reason for pair in pairs] == [""] * 6 + ["not_grounded"] * 2
    assert all(account_run.ANSWER in pair.passage for pair in pairs)
    assert max(len(pair.passage) for pair in pairs) < len(account_run.TEXT)


def test_every_step_of_the_funnel_hangs_from_the_one_before() -> None:
    funnel = Funnel.model_validate({**account_run.funnel(0), "planned": 200, "not_asked": 20})
    found = steps(funnel)
    level = 0
    for step in found:
        if step.kind == "lost":
            level -= step.count
            assert step.offset == pytest.approx(100 * level / 200)
        elif step.label != "planned":
            assert step.count == level
        level = level if step.kind == "lost" else step.count
    assert (found[0].label, found[-1].label, level) == ("planned", "kept", 138)


def test_the_page_shows_why_pages_gave_nothing(folders: dict[str, Path], drawn: str) -> None:
    page = render(collected(folders), drawn)
    assert "3 of 8 pages gave pairs" in page
    assert "pages 3 to 4: no pair passed the checks (duplicate 3, not grounded 2)" in page
    assert '<i class="removed" title="page 7: no text to learn from"></i>' in page
    assert '<i class="k3" title="page 1: 8 pairs"></i>' in page
    assert "references 31, running lines 12" in page


def test_what_an_expert_is_for_stands_below_its_name(folders: dict[str, Path], drawn: str) -> None:
    own = {"documents": "examples/library", "description": "What <OCD> is & how it is treated."}
    config = {**CONFIG, "domains": {**CONFIG["domains"], "ocd": own}}
    page = render(collect(folders, stage_rows(), config, facts()), drawn)
    assert page.count("What &lt;OCD&gt; is &amp; how it is treated.</p>") == 1
    assert '<p class="description">' not in drawn


def test_a_file_without_text_is_named_with_its_reason_and_warned_of(
    folders: dict[str, Path], drawn: str
) -> None:
    locked = {"name": "locked.pdf", "reason": "encrypted", "problem": "it needs a password: set `x`"}
    copy = {"name": "copy.pdf", "status": "duplicate", "same_as": "a.pdf"}
    rewrite(folders["corpus/ocd"], "documents.json", [*account_run.documents(0), copy, locked])
    report = collected(folders)
    assert account_tables.unreadable_files(report) == [("ocd", "locked.pdf", locked["problem"])]
    assert account_tables.copies(report) == [("ocd", "copy.pdf", "a.pdf")]
    assert len(account_tables.documents_table(report.domains["ocd"]).rows) == 1
    assert "ocd: 1 of its 3 files gave no text; each is named with its reason." in report.warnings
    assert "<code>locked.pdf</code>: it needs a password: set <code>x</code>" in render(report, drawn)


def test_pages_that_are_no_text_and_pages_of_the_other_parser_are_told(
    folders: dict[str, Path], drawn: str
) -> None:
    flaw = "words run together"
    garbled = {"name": "b.pdf", "pages": 9, "pages_unreadable": {"3": flaw, "5": flaw, "6": flaw}}
    other = {"name": "c.pdf", "pages": 9, "pages_by_other_parser": [2, 3, 4]}
    whole = {"name": "d.pdf", "pages": 1, "first_parser_failed": "damaged", "parser": "pypdf"}
    rewrite(folders["corpus/ocd"], "documents.json", [*account_run.documents(0), garbled, other, whole])
    report = collected(folders)
    assert account_tables.unreadable_pages(report) == [("ocd", "b.pdf", f"pages 3, 5-6: {flaw}")]
    assert account_tables.other_parsers(report) == [
        ("ocd", "c.pdf", "pages 2-4"),
        ("ocd", "d.pdf", "all of it, by pypdf (damaged)"),
    ]
    assert "ocd: 3 of its pages came out as no text and are left out; each is named." in report.warnings
    page = render(report, drawn)
    assert f"<code>b.pdf</code>, pages 3, 5-6: {flaw}" in page
    assert "<code>d.pdf</code>: all of it, by pypdf (damaged)" in page


def test_a_budget_that_ended_asking_is_a_warning(folders: dict[str, Path], drawn: str) -> None:
    stopped = {**account_run.funnel(0), "stopped_by": "30 minutes", "planned": 200, "not_asked": 20}
    rewrite(folders["qa/ocd"], "funnel.json", stopped)
    report = collected(folders)
    assert "ocd: asking ended at the limit of 30 minutes, before 20 of the planned pairs." in report.warnings
    assert "Asking ended at the limit of 30 minutes" in render(report, drawn)


def test_money_has_a_column_only_where_there_are_prices(folders: dict[str, Path]) -> None:
    report = collected(folders)
    assert "money" in account_tables.cost_table(report).headers
    free = [row.model_copy(update={"metrics": row.metrics | {"money": 0.0}}) for row in report.stages]
    assert "money" not in account_tables.cost_table(report.model_copy(update={"stages": free})).headers


def test_artifacts_of_an_earlier_version_have_a_page_without_warnings_about_it(
    folders: dict[str, Path], drawn: str
) -> None:
    before = collected(folders).warnings
    old = {"passages": 9, "asked": 180, "parsed": 171, "kept": 138, "rejected": {"too_short": 33}}
    for name in DOMAINS:
        for file in ("coverage.json", "samples.json"):
            (folders[f"qa/{name}"] / file).unlink()
        rewrite(folders[f"qa/{name}"], "funnel.json", old)
        rewrite(folders[f"corpus/{name}"], "documents.json", [{"name": "a.pdf", "pages": 8, "passages": 9}])
    report = collect(folders, [], CONFIG, facts())
    assert report.warnings == before
    assert account_tables.cost_table(report).rows == ()
    assert "138" in render(report, drawn)


@pytest.mark.parametrize("file", ["funnel.json", "coverage.json", "samples.json"])
def test_a_malformed_account_costs_its_own_figures_only(
    folders: dict[str, Path], file: str, drawn: str
) -> None:
    (folders["qa/ocd"] / file).write_text('{"kept": ', encoding="utf-8")
    report = collected(folders)
    assert [warning for warning in report.warnings if file in warning] == [
        next(warning for warning in report.warnings if warning.startswith(f"qa/ocd/{file}: Invalid JSON"))
    ]
    assert report.domains["anxiety"].pages[0].kept
    assert "ocd" in render(report, drawn)


@pytest.mark.parametrize(
    ("file", "value"),
    [
        ("coverage.json", [{"document": "a.pdf", "rows": [{"page": "x", "kept": "many", "why": {"a": []}}]}]),
        ("coverage.json", {"a": 1}),
        ("samples.json", {"kept": [{"question": 3}], "rejected": [], "passages": []}),
        ("funnel.json", {"documents": [{"document": "a.pdf", "kept": "many"}]}),
    ],
)
def test_an_account_of_another_form_does_not_break_the_page(
    folders: dict[str, Path], file: str, value: object, drawn: str
) -> None:
    rewrite(folders["qa/ocd"], file, value)
    assert "ocd" in render(collected(folders), drawn)


def test_text_of_documents_and_models_stays_text(folders: dict[str, Path], drawn: str) -> None:
    attack = "<script>alert(1)</script>\"'><img src=x>"
    samples = json.dumps(account_run.samples()).replace("zebra", json.dumps(attack)[1:-1])
    (folders["qa/ocd"] / "samples.json").write_text(samples, encoding="utf-8")
    rows = [{"page": 1, "state": "rejected", "why": {attack: 1}}]
    rewrite(folders["qa/ocd"], "coverage.json", [{"document": attack, "rows": rows}])
    documents = [{"name": attack, "problem": attack}, {"name": "b", "removed": {attack: {"count": 1}}}]
    rewrite(folders["corpus/ocd"], "documents.json", documents)
    rewrite(
        folders["qa/ocd"],
        "funnel.json",
        {
            **account_run.funnel(0),
            "stopped_by": attack,
            "rejected": {attack: 3},
            "skipped": {attack: 1},
            "question_types": {attack: 2},
            "documents": [{"document": attack, "rejected": {attack: 1}}],
        },
    )
    page = render(collected(folders), drawn)
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") > 8


def test_a_book_of_500_pages_is_on_the_map_page_by_page() -> None:
    kept = [3 if page % 2 else 0 for page in range(500)]
    gaps = [Gap(first=page, last=page, state="skipped") for page in range(1, 501, 2)]
    book = DocumentPages(document="book.pdf", kept=kept, gaps=gaps)
    (found,) = page_maps(one_domain(book))["d"]
    assert len(found.cells) == 500
    assert (found.cells[0].kind, found.cells[1].kind) == ("skipped", "k2")
    assert found.gaps[-1] == "and 210 more spans, listed in coverage.json"


def test_a_library_of_many_pages_shares_cells_and_loses_no_pair() -> None:
    books = [DocumentPages(document=f"{n}.pdf", kept=[1] * 1000) for n in range(CELLS // 500)]
    maps = page_maps(one_domain(*books))["d"]
    assert sum(len(one.cells) for one in maps) == CELLS
    assert maps[0].cells[0].title == "pages 1 to 2: 2 pairs"


def one_domain(*pages: DocumentPages) -> Report:
    domains = {"d": DomainReport(pages=list(pages), funnel=Funnel(kept=1))}
    return Report.model_validate({**dict(facts()), "config": {}, "domains": domains})


@pytest.mark.slow
def test_a_hundred_domains_have_a_page_that_a_browser_opens(folders: dict[str, Path]) -> None:
    names = [f"domain-{number:03d}" for number in range(100)]
    many = {f"{kind}/{name}": folders[f"{kind}/ocd"] for name in names for kind in ("corpus", "qa")}
    report = collect(many, [], {"domains": dict.fromkeys(names)}, facts())
    begun = time.perf_counter()
    page = render(report)
    assert time.perf_counter() - begun < 60
    assert len(page) < 5_000_000
    assert page.count("<summary>domain-") == 100
    assert "<details open><summary>domain-" not in page
