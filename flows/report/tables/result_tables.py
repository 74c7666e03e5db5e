"""The tables of a report: a `Report` in, rows of words out; those of its data are in `account_tables`."""

from collections.abc import Callable, Iterable, Sequence

from flows.report import words
from flows.report.schema import DomainReport, Report, StageRow, TrainedReport
from flows.report.tables.account_tables import cost_table, pairs_table
from flows.report.tables.recall_table import recall_table
from flows.report.tables.router_tables import router_tables
from flows.report.tables.table import Table, contained
from tasks.records.estimate import AnswerScores, Estimate

HEADINGS = {
    "rouge_l": "ROUGE-L",
    "bleu": "BLEU",
    "exact_match": "exact match",
    "token_f1": "token F1",
    "chrf": "chrF",
    "codebleu": "CodeBLEU",
    "macro_f1": "macro F1",
    "json_valid": "valid JSON",
    "json_schema": "JSON by schema",
    "sql_execution": "SQL result",
}
"""Columns of metrics whose names are not what they are called."""


def results_table(report: Report, *, intervals: bool = True) -> Table:
    """Return each expert's main figures; without `intervals` they fit a terminal of 80 columns."""
    headers = ("domain", "pairs", *("base", "generalist", "expert", "to base"), *("INT4", "loss", "bundle"))
    rows = [
        (name, *_results(part, words.interval if intervals else _value))
        for name, part in report.domains.items()
    ]
    return Table("Perplexity of answers on passages that nobody trained on", headers, tuple(rows))


def systems_table(report: Report) -> Table:
    """Return the whole systems side by side."""
    metrics = _metrics(report.systems.values())
    rows = [
        (
            name,
            words.interval(part.perplexity),
            *(_value(part.scores.get(metric)) for metric in metrics),
            f"{part.latency_ms.mean:,.0f} ms",
        )
        for name, part in report.systems.items()
    ]
    headers = ("system", "perplexity", *map(heading, metrics), "latency")
    return Table("Systems on all held-out questions", headers, tuple(rows))


def scores_table(report: Report) -> Table:
    """Return how each system's answers score on each domain's questions, by every metric."""
    found = {
        (domain, system): scores
        for domain, part in report.domains.items()
        if part.evaluation
        for system, scores in part.evaluation.scores.items()
    }
    metrics = _metrics(found.values())
    rows = [
        (*place, *(words.interval(scores.scores.get(metric)) for metric in metrics))
        for place, scores in found.items()
    ]
    return Table(
        "Answers by domain", ("domain", "system", *map(heading, metrics)), tuple(rows if metrics else ())
    )


def heading(metric: str) -> str:
    """Return what a column of a metric is called."""
    named = metric.replace("pass_at_", "pass@") if metric.startswith("pass_at_") else words.said(metric)
    return HEADINGS.get(metric, named)


def _metrics(scores: Iterable[AnswerScores]) -> list[str]:
    """Return the metrics of any system, the usual ones first."""
    found = {name for one in scores for name in one.scores}
    return [*(name for name in HEADINGS if name in found), *sorted(found - HEADINGS.keys())]


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
            words.figure(edge.float_.value),
            words.figure(edge.edge.value),
            words.change(1 + edge.loss.value),
            words.count(edge.prompts),
            words.figure(runtime.decode_tokens_per_second),
            words.size(runtime.memory_bytes),
        )
        for name, part in report.domains.items()
        if part.evaluation and (edge := part.evaluation.edge_perplexity) and (runtime := part.evaluation.edge)
    ]
    headers = ("domain", "float perplexity", "INT4 perplexity", "change", "prompts", "tokens/s", "memory")
    return Table("What INT4 costs", headers, tuple(rows))


def training_table(report: Report) -> Table:
    """Return what each adapter was trained on, and how faithfully it was merged."""
    runs: dict[str, TrainedReport] = {**report.domains, "generalist": report.generalist}
    rows = [
        (name, *_adapter(part), *_training(part), *_merge(part))
        for name, part in runs.items()
        if part.training or part.merge
    ]
    headers = (
        "adapter",
        "kind",
        "rank",
        "targets",
        "parameters",
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
    router = router_tables(report)
    tables = (
        recall_table(report),
        results_table(report),
        systems_table(report),
        scores_table(report),
        pairs_table(report),
        cost_table(report),
        *(router[name] for name in ("splits", "router", "recalls", "suites", "shares", "speed", "tax")),
        sizes_table(report),
        edge_table(report),
        stages_table(report.stages),
    )
    lines += [f"\n### {table.title}\n\n{table.markdown()}" for table in tables if table.rows]
    return "\n".join(lines)


def _results(part: DomainReport, show: Callable[[Estimate | None], str]) -> tuple[str, ...]:
    pairs, bundle = words.count(part.pairs), words.size(part.sizes.bundle)
    if part.evaluation is None:
        return (pairs, *[words.NOTHING] * 6, bundle)
    measured, edge = part.evaluation.perplexity, part.evaluation.edge_perplexity
    return (
        pairs,
        show(measured.base),
        show(measured.generalist),
        show(measured.expert),
        words.change(measured.expert.value / measured.base.value),
        _value(edge.edge if edge else None),
        words.change(1 + edge.loss.value if edge else None),
        bundle,
    )


def _value(measured: Estimate | None) -> str:
    return words.figure(measured.value) if measured else words.NOTHING


def _adapter(part: TrainedReport) -> tuple[str, ...]:
    shape = part.adapter
    if shape is None:
        return (words.NOTHING,) * 4
    return (
        shape.kind,
        words.count(shape.rank),
        ", ".join(shape.target_modules) or words.NOTHING,
        words.count(shape.parameters),
    )


def _training(part: TrainedReport) -> tuple[str, ...]:
    run = part.training
    if run is None:
        return (words.NOTHING,) * 5
    first, last = (run.step_losses[0], run.step_losses[-1]) if run.step_losses else (None, None)
    counts = (run.tokens_seen, run.token_budget, run.steps)
    return (*map(words.count, counts), words.figure(first), words.figure(last))


def _merge(part: TrainedReport) -> tuple[str, ...]:
    merge = part.merge
    if merge is None:
        return (words.NOTHING,) * 3
    return (
        words.figure(merge.mean_kl, 2),
        words.figure(merge.tolerance, 2),
        words.percent(merge.top1_agreement, 1),
    )
