"""The tables of a report: a `Report` in, rows of words out; those of its data are in `account_tables`."""

from collections.abc import Callable, Sequence

from flows.report import words
from flows.report.figures import Interval, Training
from flows.report.schema import DomainReport, Report, StageRow
from flows.report.tables.account import cost_table, pairs_table
from flows.report.tables.router import router_tables
from flows.report.tables.table import Table, contained


def results_table(report: Report, *, intervals: bool = True) -> Table:
    """Return each expert's main figures; without `intervals` they fit a terminal of 80 columns."""
    headers = (
        "domain",
        "pairs",
        "base",
        "generalist",
        "expert",
        "to base",
        "INT4",
        "loss",
        "bundle",
    )
    rows = [
        (name, *_results(part, words.interval if intervals else _value))
        for name, part in report.domains.items()
    ]
    return Table("Perplexity of held-out answers, by domain", headers, tuple(rows))


def systems_table(report: Report) -> Table:
    """Return the whole systems side by side."""
    headers = ("system", "perplexity", "ROUGE-L", "BLEU", "latency")
    rows = [
        (
            name,
            words.interval(part.intervals.get("perplexity"))
            if part.intervals
            else words.figure(part.perplexity),
            words.figure(part.rouge_l),
            words.figure(part.bleu),
            words.NOTHING if part.latency_ms is None else f"{part.latency_ms:,.0f} ms",
        )
        for name, part in report.systems.items()
    ]
    return Table("Systems on all held-out questions", headers, tuple(rows))


def sizes_table(report: Report) -> Table:
    """Return the bytes at every step."""
    headers = ("domain", "adapter", "merged bf16", "float TFLite", "INT4 TFLite", "bundle", "of bf16")
    rows = []
    for name, part in report.domains.items():
        sizes = part.sizes
        share = sizes.bundle / sizes.merged_bf16 if sizes.bundle and sizes.merged_bf16 else None
        steps = (sizes.adapter, sizes.merged_bf16, sizes.float_tflite, sizes.int4_tflite, sizes.bundle)
        rows.append((name, *map(words.size, steps), words.percent(share)))
    return Table("Size at every step", headers, tuple(rows))


def breakdown_table(report: Report) -> Table:
    """Return the bytes of each bundle by tensor group, one column a domain."""
    parts = {name: part.breakdown for name, part in report.domains.items() if part.breakdown}
    cells: dict[tuple[str, str], dict[str, int]] = {}
    for name, pieces in parts.items():
        for piece in pieces:
            group = cells.setdefault((piece.group, piece.dtype or words.NOTHING), {})
            group[name] = group.get(name, 0) + piece.bytes
    rows = [(*group, *(words.size(by_name.get(name)) for name in parts)) for group, by_name in cells.items()]
    return Table("Where each bundle's bytes go", ("group", "type", *parts), tuple(rows))


def edge_table(report: Report) -> Table:
    """Return what INT4 costs each expert."""
    rows = [
        (
            name,
            words.figure(edge.float_),
            words.figure(edge.edge),
            words.change(1 + edge.loss),
            words.count(edge.prompts),
            words.figure(part.edge.decode_tokens_per_second) if part.edge else words.NOTHING,
            words.size(part.edge.memory_bytes) if part.edge else words.NOTHING,
        )
        for name, part in report.domains.items()
        if (edge := part.edge_perplexity)
    ]
    headers = ("domain", "float perplexity", "INT4 perplexity", "change", "prompts", "tokens/s", "memory")
    return Table("What INT4 costs", headers, tuple(rows))


def training_table(report: Report) -> Table:
    """Return what each adapter was trained on, and how faithfully it was merged."""
    runs = {name: (part.training, part.merge) for name, part in report.domains.items()}
    runs["generalist"] = (report.generalist.training, report.generalist.merge)
    rows = [
        (
            name,
            *_training(training),
            words.figure(merge.mean_kl, 2) if merge else words.NOTHING,
            words.figure(merge.tolerance, 2) if merge else words.NOTHING,
            words.percent(merge.top1_agreement, 1) if merge else words.NOTHING,
        )
        for name, (training, merge) in runs.items()
        if training or merge
    ]
    headers = (
        "adapter",
        "tokens",
        "budget",
        "steps",
        "first loss",
        "last loss",
        "merge KL",
        "tolerated",
        "same token",
    )
    return Table("Training and merging", headers, tuple(rows))


def stages_table(stages: Sequence[StageRow]) -> Table:
    """Return what became of every stage."""
    rows = [
        (
            f"{row.stage} {row.domain}".strip(),
            row.status,
            words.duration(row.seconds),
            words.size(row.peak_memory_bytes),
            row.key[:12] or words.NOTHING,
            row.digest[:12] or words.NOTHING,
        )
        for row in stages
    ]
    headers = ("stage", "status", "time", "peak memory", "key", "artifact")
    return Table("Stages", headers, tuple(rows))


def markdown_summary(report: Report) -> str:
    """Return the whole run as Markdown: warnings first, then the tables that hold something."""
    lines = [f"**{report.status}** in {words.duration(report.seconds)}", ""]
    lines += [f"- ⚠ {contained(warning)}" for warning in report.warnings]
    router = router_tables(report.router)
    tables = (
        results_table(report),
        systems_table(report),
        pairs_table(report),
        cost_table(report),
        *(router[name] for name in ("splits", "router", "recalls", "suites", "shares", "speed", "tax")),
        sizes_table(report),
        edge_table(report),
        stages_table(report.stages),
    )
    lines += [f"\n### {table.title}\n\n{table.markdown()}" for table in tables if table.rows]
    return "\n".join(lines)


def _results(part: DomainReport, show: Callable[[Interval | None], str]) -> tuple[str, ...]:
    base, expert, edge = part.perplexity.base, part.perplexity.expert, part.edge_perplexity
    return (
        words.count(part.pairs),
        show(base),
        show(part.perplexity.generalist),
        show(expert),
        words.change(expert.value / base.value) if expert and base else words.NOTHING,
        words.figure(edge.edge) if edge else words.NOTHING,
        words.change(1 + edge.loss) if edge else words.NOTHING,
        words.size(part.sizes.bundle),
    )


def _value(measured: Interval | None) -> str:
    return words.figure(measured.value) if measured else words.NOTHING


def _training(run: Training | None) -> tuple[str, ...]:
    if run is None:
        return (words.NOTHING,) * 5
    first, last = (run.losses[0], run.losses[-1]) if run.losses else (None, None)
    counts = (run.tokens, run.token_budget, run.steps)
    return (*map(words.count, counts), words.figure(first), words.figure(last))
