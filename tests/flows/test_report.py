"""Pins the report: every promised figure is where the schema says, and the page is safe and whole.

Also: a failed run is reported as far as it came, a bad figure is a warning, and a file of
another form costs its own figures only.
"""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from evaluation_run import compared, written
from report_run import CONFIG, DOMAINS, facts, router_report, stage_rows, training, write_run
from rich.console import Console

from flows.report import words
from flows.report.cautions import cautions
from flows.report.charts.chain_chart import chain_chart
from flows.report.charts.dag_chart import dag_chart
from flows.report.collect import collect
from flows.report.evaluation_samples import verdict
from flows.report.html import read_report, render, write_report
from flows.report.schema import Report, RunFacts, StageRow
from flows.report.tables import account_tables, router_tables
from flows.report.tables import result_tables as tables
from flows.report.tables.chain_table import chain_table
from flows.report.tables.healing_table import healing_table
from flows.report.tables.recall_table import recall_table
from flows.report.tables.table import Table
from tasks.kernel.errors import DataError
from tasks.records.training import Training

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and what it names or links to."""
        self.tags[tag] += 1
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [
            value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "srcset"}
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the tag opened last."""
        assert self.open.pop() == tag


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    return write_run(tmp_path / "artifacts")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, Path]:
    return write_run(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def report(whole) -> Report:
    return collect(whole, stage_rows(), CONFIG, facts())


@pytest.fixture(scope="module")
def page(report) -> str:
    return render(report)


def rewrite(folder: Path, file: str, value: object) -> None:
    (folder / file).write_text(json.dumps(value), encoding="utf-8")


def test_json_holds_every_promised_figure(tmp_path, report, whole) -> None:
    write_report(report, tmp_path / "run")
    content = json.loads((tmp_path / "run/report.json").read_text())
    assert content["schema"] == "pocketmoe-report-2"
    assert (content["status"], content["seconds"]) == ("completed", 1093.4)
    assert content["peak_memory_bytes"] == 6_400_000_000
    assert content["config"] == CONFIG
    assert content["router"]["accuracy"] == 0.9091
    assert content["router"]["stratified_8020"]["accuracy"] == 0.968
    assert set(content["router"]["report"]) == set(DOMAINS)
    domain = content["domains"]["depression"]
    assert (domain["passages"], domain["pairs"]) == (10, 137)
    assert domain["evaluation"] == written(DOMAINS)["domains"]["depression"]
    expert = domain["evaluation"]["perplexity"]["expert"]
    assert expert == {"value": 11.4, "low": 11.4 * 0.92, "high": 11.4 * 1.08}
    assert domain["sizes"] == {
        "adapter": 9_789_032,
        "merged_bf16": 269_060_552,
        "float_tflite": 540_113_000,
        "int4_tflite": 92_114_000,
        "bundle": 92_914_560,
        "reduction_vs_bf16": 0.655,
        "reduction_vs_float": None,
    }
    assert domain["files"]["bundle"] == str(whole["edge/depression"] / "model.litertlm")
    assert domain["training"]["token_budget"] == content["generalist"]["training"]["token_budget"] == 30_000
    assert content["generalist"]["merge"] == domain["merge"]
    assert set(content["systems"]) == {"real", "oracle", "generalist"}
    assert content["systems"] == written(DOMAINS)["systems"]
    assert read_report(tmp_path / "run/report.json") == report


def test_each_adapter_is_shown_as_it_was_trained_with_a_domains_own_rank(folders) -> None:
    own = {"peft_type": "LORA", "use_dora": True, "r": 8, "target_modules": ["v_proj"]}
    rewrite(folders["adapter/ocd"], "adapter_config.json", own)
    report = collect(folders, stage_rows(), CONFIG, facts())
    table = tables.training_table(report)
    assert table.headers[:6] == ("adapter", "kind", "rank", "targets", "parameters", "tokens")
    assert {row[0]: row[1:6] for row in table.rows} == {
        "anxiety": ("lora", "4", "k_proj, q_proj", "384", "29,950"),
        "depression": ("lora", "4", "k_proj, q_proj", "384", "29,950"),
        "ocd": ("dora", "8", "v_proj", "384", "29,950"),
        "generalist": ("lora", "4", "k_proj, q_proj", "384", "29,950"),
    }


def test_a_damaged_adapter_costs_its_own_figures_only(folders) -> None:
    (folders["adapter/ocd"] / "adapter_model.safetensors").write_bytes(b"cut off")
    report = collect(folders, stage_rows(), CONFIG, facts())
    assert report.domains["ocd"].adapter is None
    assert report.domains["ocd"].training is not None
    assert any(warning.startswith("adapter/ocd/adapter_model.safetensors: ") for warning in report.warnings)


def test_a_report_of_another_version_is_refused_with_the_remedy(tmp_path) -> None:
    write_report(collect({}, [], {}, RunFacts(status="failed", seconds=1)), tmp_path)
    path = tmp_path / "report.json"
    path.write_text(path.read_text().replace("report-2", "report-1"))
    with pytest.raises(DataError, match=r"report\.json: schema: .*; run the configuration again"):
        read_report(path)


def test_infinite_figures_become_null_in_json(tmp_path) -> None:
    write_report(collect({}, [], {}, RunFacts(status="failed", seconds=float("inf"))), tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["seconds"] is None


def test_page_is_whole_and_needs_nothing_else(page) -> None:
    found = Page(page)
    assert found.open == []
    assert found.tags["svg"] == 10
    assert found.tags["script"] == found.tags["link"] == found.tags["img"] == 0
    assert all(link.startswith("#") for link in found.links)
    assert not re.search(r"@import|url\((?!#)", page)
    assert [name for name, count in Counter(found.ids).items() if count > 1] == []


def test_page_shows_the_figures_and_puts_warnings_before_them(page) -> None:
    for shown in ("91 %", "92.9 MB", "18.2 min", "10.4 (9.57 to 11.2)", "Why does avoiding", "0.310"):
        assert shown in page, shown
    assert page.index("INT4 raises perplexity by 30.6 %") < page.index("92.9 MB")


def test_drawings_are_well_formed_in_the_colours_of_the_page(page) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    for drawing in drawings:
        ET.fromstring(drawing)  # noqa: S314  our own drawing
        assert not re.search(r"#[0-9a-f]{6}\b(?!\")", drawing.replace("url(#", "(")), (
            "a colour that no theme sets"
        )


@pytest.mark.slow
def test_the_same_report_gives_the_same_page(report, page) -> None:
    assert render(report) == page


def test_hostile_text_stays_text(folders) -> None:
    attack = "<script>alert('$x$ & \"1\"')</script>"
    answers = (folders["evaluation"] / "answers.jsonl").read_text()
    lines = answers.replace("Avoidance gives relief", json.dumps(attack)[1:-1])
    (folders["evaluation"] / "answers.jsonl").write_text(lines)
    rewrite(
        folders["router"],
        "report.json",
        {**router_report(), "labels": [attack, "`b`", "$c$"], "note": attack},
    )
    folders[f"edge/{attack}"] = folders["edge/ocd"]
    rows = [StageRow(stage="convert", domain=attack, status="failed", seconds=1, reason=attack)]
    report = collect(folders, rows, {**CONFIG, "name": attack}, facts(warnings=[attack], run=attack))
    text = render(report)
    assert attack in report.warnings
    assert "<script" not in text
    assert Page(text).open == []
    assert "<script" not in tables.markdown_summary(report)


def test_healing_is_told_for_the_base_and_each_expert(folders) -> None:
    report = collect(folders, stage_rows(), CONFIG, facts())
    rows = healing_table(report).rows
    assert [row[0] for row in rows] == ["base", *DOMAINS]
    assert rows[0][1:] == ("40", "20", "0.380", "0.190", "−50 %")
    text = render(report)
    assert "<h2>Healing</h2>" in text
    assert "base model" in dag_chart(report)


def test_every_link_of_every_chain_is_in_a_table_and_drawn(folders) -> None:
    report = collect(folders, stage_rows(), CONFIG, facts())
    rows = chain_table(report).rows
    assert [row[:2] for row in rows[:3]] == [
        ("anxiety", "adapter → merged"),
        ("anxiety", "merged → healed"),
        ("anxiety", "INT4 graph → runtime"),
    ]
    assert rows[1][2:] == ("0.0300", "90.0 %", "× 1.020 (1.010 to 1.040)", "144")
    assert rows[2][2:4] == ("–", "–")
    assert len(rows) == 3 * len(DOMAINS)
    text = render(report)
    assert "<h2>From the adapter to the phone</h2>" in text
    assert "What each step costs." in text
    assert "merged → healed" in chain_chart(report)
    assert "adapter → merged" not in chain_chart(report)


def test_a_run_without_chains_says_nothing_of_them(folders) -> None:
    report = collect({"corpus/ocd": folders["corpus/ocd"]}, stage_rows(), CONFIG, facts())
    assert chain_chart(report) == ""
    assert "From the adapter to the phone" not in render(report)


def test_the_graph_and_the_chains_are_drawn_where_a_run_has_them(folders) -> None:
    new = [StageRow(stage="graph", status="built", seconds=81.0)]
    new += [StageRow(stage="chain", domain=name, status="built", seconds=20.0) for name in DOMAINS]
    merged = {name: folder for name, folder in folders.items() if not name.startswith("healed")}
    rows = [row for row in stage_rows() if row.stage != "heal"]
    before = dag_chart(collect(merged, rows, CONFIG, facts()))
    after = dag_chart(collect(merged, [*rows, *new], CONFIG, facts()))
    assert [text.count(">chain<") for text in (before, after)] == [0, len(DOMAINS)]
    assert [text.count(">graph<") for text in (before, after)] == [0, 1]


def test_a_run_without_healing_says_nothing_of_it(folders) -> None:
    merged = {name: folder for name, folder in folders.items() if not name.startswith("healed")}
    rows = [row for row in stage_rows() if row.stage != "heal"]
    report = collect(merged, rows, CONFIG, facts())
    assert "<h2>Healing</h2>" not in render(report)
    assert "base model" not in dag_chart(report)
    assert "healed" not in " ".join(report.warnings)


def test_an_adapter_that_is_kept_apart_stands_where_others_have_a_bundle(folders) -> None:
    rows = [
        row.model_copy(update={"stage": "share"}) if (row.stage, row.domain) == ("convert", "ocd") else row
        for row in stage_rows()
    ]
    assert "not reached" not in dag_chart(collect(folders, rows, CONFIG, facts()))
    gone = [row for row in rows if row.stage != "share"]
    assert "not reached" in dag_chart(collect(folders, gone, CONFIG, facts()))


def test_a_failed_run_is_reported_as_far_as_it_came(folders) -> None:
    reached = {name: folders[name] for name in ("corpus/anxiety", "qa/anxiety", "corpus/ocd")}
    rows = [StageRow(stage="generate", domain="ocd", status="failed", reason="2 pairs are too few")]
    report = collect(reached, rows, CONFIG, facts(status="failed"))
    assert list(report.domains) == list(DOMAINS)
    assert report.domains["ocd"].passages == 11
    assert report.domains["ocd"].missing == ["qa", "adapter", "merged", "edge", "router", "evaluation"]
    assert report.domains["anxiety"].evaluation is None
    assert report.warnings[0] == "generate ocd failed: 2 pairs are too few"
    assert any(warning.startswith("ocd: this run did not reach") for warning in report.warnings)
    text = render(report)
    assert "2 pairs are too few" in text
    assert Page(text).open == []


def test_a_run_that_built_nothing_still_has_a_page() -> None:
    report = collect({}, [], {}, RunFacts(status="failed", seconds=0.1))
    assert "failed" in render(report)


def test_a_malformed_file_costs_its_own_figures_only(folders) -> None:
    (folders["edge/ocd"] / "sizes.json").write_text("{")
    rewrite(folders["merged/ocd"], "merge.json", {"mean_kl": 0.1, "tolerance": "much"})
    report = collect(folders, stage_rows(), CONFIG, facts())
    assert report.domains["ocd"].sizes.bundle is None
    assert report.domains["ocd"].sizes.merged_bf16 == 269_060_552
    assert report.domains["ocd"].merge is None
    assert any(warning.startswith("edge/ocd/sizes.json: Invalid JSON") for warning in report.warnings)
    assert any(warning.startswith("merged/ocd/merge.json: tolerance") for warning in report.warnings)


def test_plausible_figures_bring_no_warning_of_their_own(folders) -> None:
    content = {**written(DOMAINS), "warnings": []}
    for domain in content["domains"].values():
        domain["comparison"] = compared(0.9, 0.85, 0.95).model_dump()
    rewrite(folders["evaluation"], "evaluation.json", content)
    assert collect(folders, stage_rows(), CONFIG, facts()).warnings == []


@pytest.mark.parametrize(
    ("folder", "file", "value", "warning"),
    [
        (
            "merged/ocd",
            "merge.json",
            {"tolerance": 0.01, "mean_kl": 0.2},
            (
                "ocd: the merged model diverges from base and adapter by 0.2 nats a token,"
                " more than the tolerated 0.01."
            ),
        ),
        (
            "adapter-generalist",
            "training.json",
            {**training(0), "tokens_seen": 90_000},
            (
                "anxiety: expert and generalist did not train on equally many tokens"
                " (29,950 and 90,000), so their comparison is not of data alone."
            ),
        ),
        (
            "router",
            "report.json",
            {**router_report(), "accuracy": 0.4, "accuracy_low": 0.29},
            "router: an accuracy of 40 % cannot be told from guessing.",
        ),
        (
            "router",
            "report.json",
            {**router_report(), "repeated_questions": 3},
            "router: 3 of 66 held-out questions are word for word among the training questions.",
        ),
    ],
)
def test_a_bad_figure_is_a_warning(folders, folder, file, value, warning) -> None:
    rewrite(folders[folder], file, value)
    assert warning in collect(folders, stage_rows(), CONFIG, facts()).warnings


def test_an_expert_that_loses_to_the_base_is_a_warning(folders) -> None:
    content = written(DOMAINS)
    content["domains"]["ocd"]["comparison_with_base"] = compared(1.2, 1.1, 1.3).model_dump()
    rewrite(folders["evaluation"], "evaluation.json", content)
    warnings = collect(folders, stage_rows(), CONFIG, facts()).warnings
    assert any(one.startswith("ocd: Transfer: The expert is worse than the base model") for one in warnings)
    assert not [one for one in warnings if one.startswith("ocd: Recall: ")]


def test_an_expert_that_has_not_learned_its_book_is_a_warning(folders) -> None:
    content = written(DOMAINS)
    content["domains"]["ocd"]["recall"]["comparison"] = compared(0.98, 0.9, 1.05).model_dump()
    rewrite(folders["evaluation"], "evaluation.json", content)
    warnings = collect(folders, stage_rows(), CONFIG, facts()).warnings
    told = "ocd: Recall: The expert is not shown to be better than the generalist"
    assert any(one.startswith(told) for one in warnings)


def test_what_experts_know_of_their_books_comes_first(folders) -> None:
    found = collect(folders, stage_rows(), CONFIG, facts())
    table = recall_table(found)
    assert dict(zip(table.headers, table.rows[0], strict=True)) == {
        "domain": DOMAINS[0],
        "questions": "18",
        "base": "30.1",
        "generalist": "6.90",
        "expert": "4.20",
        "to generalist": "−39 % (−50 % to −26 %)",
        "INT4": "–",
        "facts right: base": "6 %",
        "facts right: generalist": "44 %",
        "facts right: expert": "61 %",
        "facts right: INT4": "56 %",
    }
    page = render(found)
    assert 0 < page.index("What experts know of their books") < page.index("What they make of passages")


@pytest.mark.parametrize(
    ("ratio", "words_of_verdict"),
    [
        ((0.9, 0.85, 0.95), "is better than the generalist: its perplexity is 10 % below the generalist's"),
        ((1.1, 1.05, 1.15), "is worse than the generalist: its perplexity is 10 % above the generalist's"),
        ((0.98, 0.9, 1.05), "is not shown to be better than the generalist"),
    ],
)
def test_verdicts_are_plain_and_follow_the_interval(ratio, words_of_verdict) -> None:
    assert words_of_verdict in verdict(compared(*ratio).ratio, "the generalist")


def test_a_malformed_evaluation_costs_its_own_figures_only(folders) -> None:
    content = written(DOMAINS)
    content["domains"]["ocd"]["perplexity"]["expert"]["value"] = "low"
    rewrite(folders["evaluation"], "evaluation.json", content)
    report = collect(folders, stage_rows(), CONFIG, facts())
    assert (report.systems, report.tax, report.domains["ocd"].evaluation) == ({}, None, None)
    assert report.domains["ocd"].pairs
    place = "evaluation/evaluation.json: domains.ocd.perplexity.expert.value: "
    assert any(warning.startswith(place) for warning in report.warnings)


def test_any_metric_has_its_column_by_system_and_by_domain(folders) -> None:
    content = written(DOMAINS)
    for part in (content["systems"]["real"], content["domains"]["ocd"]["scores"]["oracle"]):
        part["clarity"] = {"value": 0.123, "low": 0.1, "high": 0.2}
    rewrite(folders["evaluation"], "evaluation.json", content)
    report = collect(folders, stage_rows(), CONFIG, facts())
    systems, domains = tables.systems_table(report), tables.scores_table(report)
    assert systems.headers == ("system", "perplexity", "ROUGE-L", "BLEU", "exact match", "clarity", "latency")
    assert domains.headers == ("domain", "system", "ROUGE-L", "exact match", "clarity")
    assert {row[-1] for row in domains.rows} == {"0.123 (0.100 to 0.200)", "–"}
    assert "0.123 (0.100 to 0.200)" in render(report)
    assert "0.123 (0.100 to 0.200)" in tables.markdown_summary(report)


def test_samples_include_a_question_that_was_misrouted(folders) -> None:
    path = folders["evaluation"] / "answers.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line["routed"] = "anxiety" if line["id"].endswith("-5") else line["domain"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    samples = collect(folders, [], CONFIG, facts()).domains["ocd"].samples
    assert [sample.routed for sample in samples] == ["ocd", "ocd", "ocd", "anxiety"]
    assert list(samples[0].answers) == ["real and oracle", "generalist", "INT4 bundle"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 10])
def test_one_domain_and_ten_have_a_page(whole, count) -> None:
    names = [f"domain-{number}" for number in range(count)]
    many = {
        f"{name.partition('/')[0]}/{domain}": whole[name]
        for name in whole
        for domain in names
        if name.endswith("/ocd")
    }
    report = collect(many, [], {"domains": dict.fromkeys(names)}, facts())
    assert list(report.domains) == names
    assert Page(render(report)).open == []


def test_tables_have_a_cell_for_every_header(report) -> None:
    made = (
        tables.results_table(report),
        tables.systems_table(report),
        tables.scores_table(report),
        router_tables.labels_table(report.router),
        tables.sizes_table(report),
        tables.breakdown_table(report),
        tables.edge_table(report),
        tables.training_table(report),
        tables.stages_table(report.stages),
        account_tables.pairs_table(report),
        account_tables.cost_table(report),
        account_tables.documents_table(report.domains["ocd"]),
    )
    for table in made:
        assert table.rows, table.title
        assert {len(row) for row in table.rows} == {len(table.headers)}, table.title


def test_markdown_cells_cannot_break_the_table() -> None:
    table = Table("t", ("a", "b"), (("x|y\nz", "1"),))
    assert table.markdown() == "| a | b |\n| --- | ---: |\n| x\\|y z | 1 |\n"


def test_terminal_table_shows_results_and_takes_brackets_as_text(report) -> None:
    console = Console(file=StringIO(), width=140)
    console.print(tables.results_table(report).rich())
    console.print(Table("t", ("a",), (("[bold]x",),)).rich())
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert "10.4 (9.57 to 11.2)" in shown
    assert "[bold]x" in shown


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (words.size(999), "999 B"),
        (words.size(92_914_560), "92.9 MB"),
        (words.size(269_060_552), "269 MB"),
        (words.size(24e9), "24.0 GB"),
        (words.size(None), "–"),
        (words.duration(9.64), "9.6 s"),
        (words.duration(59.97), "1 min 0 s"),
        (words.duration(1093.4), "18 min 13 s"),
        (words.duration(7290), "2 h 1 min"),
        (words.minutes(1093.4), "18.2 min"),
        (words.change(0.8), "−20 %"),
        (words.change(1.004), "+0.4 %"),
        (words.against(0.9), "10 % below"),
        (words.figure(12_345.6), "12,346"),
        (words.figure(3.0), "3.00"),
        (words.figure(0.0), "0.00"),
        (words.figure(1.6e-5), "< 0.0001"),
        (words.pages(3, 3), "page 3"),
        (words.pages(3, 5), "pages 3 to 5"),
    ],
)
def test_numbers_read_as_people_say_them(said, meant) -> None:
    assert said == meant


def test_the_page_shows_what_a_model_reads_and_where_its_loss_is(page: str) -> None:
    shown = "&lt;|user|&gt;What is &lt;b&gt;?&lt;|assistant|&gt;<mark>It is bold.&lt;|end|&gt;</mark>"
    assert shown in page


def test_training_that_did_not_go_as_configured_is_told(report: Report) -> None:
    run = report.generalist.training
    assert run is not None
    told = {"step": 9, "loss": None, "learning_rate": 1e-3, "fallback_rate": 3e-4}
    changed = Training.model_validate(
        {
            **run.model_dump(),
            "divergence": told,
            "left_out": {"ocd": 3},
            "stopped_early": True,
            "kept_step": 12,
        }
    )
    generalist = report.generalist.model_copy(update={"training": changed})
    other = report.model_copy(update={"generalist": generalist})
    told_first, told_next = (one for one in cautions(other) if one.startswith("generalist: "))
    assert "ran away at step 9 with a learning rate of 0.001; the adapter" in told_first
    assert "second attempt at 0.0003" in told_first
    assert "3 training examples of ocd exceed" in told_next
    assert re.search(r"stopped early after\s+24 steps; kept is step 12", render(other))
