"""Write the tables of README and the guides from the result files, so that no figure is typed by hand.

In: `results/*.json`. Out: README.md and docs/*.md with the text between `<!-- NAME -->` and
`<!-- /NAME -->` replaced. A table may stand on several pages; one that stands on none is an error,
because it would be lost without a word.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.book_table import book_table
from benchmarks.edge_tables import edge_tables, gemma_tables, start_tables
from benchmarks.healing_table import healing_table, sensitivity_table
from benchmarks.machine import RESULTS
from benchmarks.router_text_table import router_text_table
from benchmarks.routing_tables import routing_tables
from benchmarks.training_table import training_table
from flows.report.schema import Report
from flows.report.tables.recall_table import recall_table
from flows.report.tables.result_tables import edge_table, results_table, sizes_table, systems_table
from tasks.kernel.settings import PROJECT

Json = dict[str, Any]


def update_readme(project: Path = PROJECT) -> None:
    """Replace each marked block for which there is a result file, on every page that has its marker.

    Raises LookupError that names every table for which no page has a marker; nothing is written then.
    """
    pages = [project / "README.md", *sorted((project / "docs").glob("*.md"))]
    before = {page: page.read_text(encoding="utf-8") for page in pages}
    tables = blocks()
    if lost := [name for name in tables if not any(_place(name).search(text) for text in before.values())]:
        raise LookupError(
            f"{', '.join(lost)}: no page has a place for it; write `<!-- {lost[0]} -->` and"
            f" `<!-- /{lost[0]} -->` on lines of their own in README.md or docs/*.md"
        )
    for page, text in before.items():
        page.write_text(_filled(text, tables), encoding="utf-8")


def _filled(text: str, tables: Mapping[str, str]) -> str:
    for name, block in tables.items():
        text = _place(name).sub(lambda match, block=block: f"{match[1]}\n{block}\n\n{match[2]}", text)
    return text


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(^<!-- {name} -->\n).*?(^<!-- /{name} -->$)", re.DOTALL | re.MULTILINE)


def blocks() -> dict[str, str]:
    """Return the Markdown of every block by its marker's name."""
    makers = {
        "demo": _demo,
        "orchestration": _orchestration,
        "generation": _generation,
        "ingestion": _ingestion,
        "poppler": _poppler,
        "routing": routing_tables,
        "book": book_table,
        "router_text": router_text_table,
        "edge": edge_tables,
        "edge_gemma": gemma_tables,
        "edge_start": start_tables,
        "healing": healing_table,
        "training": training_table,
        "sensitivity": sensitivity_table,
    }
    found = {name: RESULTS / f"{name}.json" for name in makers}
    results = {
        name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items() if path.is_file()
    }
    return {marker: text for name, result in results.items() for marker, text in makers[name](result).items()}


def _demo(result: Json) -> dict[str, str]:
    report = Report.model_validate({**result["report"], "config": {}})
    parts = {
        "demo-recall": recall_table,
        "demo-results": results_table,
        "demo-systems": systems_table,
        "demo-int4": edge_table,
        "demo-sizes": sizes_table,
    }
    tables = {name: part(report) for name, part in parts.items()}
    # An earlier version's demo has nothing for a new table.
    shown = {name: table for name, table in tables.items() if table.rows}
    figures = {name: f"**{table.title}**\n\n{table.markdown().rstrip()}" for name, table in shown.items()}
    return {"demo-time": _time(result), "demo-stages": _stages(result), **figures}


def _orchestration(result: Json) -> dict[str, str]:
    machine = result["machine"]
    rows = {
        "`pocketmoe --help`": f"{result['help_seconds']:.2f} s",
        "`pocketmoe plan configs/smoke.yaml`": f"{result['plan_seconds']:.2f} s",
        f"plan of {result['plan_domains']} domains, never built; imports excluded": (
            f"{result['plan_never_built_seconds']:.2f} s"
        ),
        f"plan of {result['plan_domains']} domains, all built; imports excluded": (
            f"{result['plan_all_hit_seconds']:.2f} s"
        ),
        f"`pocketmoe run`, {result['few_stages']} cached stages, server running": (
            f"{result['few_seconds']:.1f} s"
        ),
        "the same for the first time: every chart is drawn": f"{result['few_first_seconds']:.1f} s",
        f"each stage of {result['many_stages']} cached ones, from first submission to last result": (
            f"{result['many_stage_milliseconds']:.0f} ms"
        ),
        "each further cached stage, wall time of the whole command": (
            f"{result['further_stage_milliseconds']:.0f} ms"
        ),
    }
    head = f"Medians of five on {machine['cores']} cores ({machine['processor']}):\n"
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return {"orchestration-time": "\n".join([head, "| | |", "| --- | ---: |", *lines])}


def _generation(result: Json) -> dict[str, str]:
    ours, reference = result["recipes"]["ours"], result["recipes"]["reference"]
    head = (
        f"{result['passages']} passages of {len(result['documents'])} documents ({result['words']:,} words), "
        f"SmolLM2-135M, {result['machine']['cores']} cores, one run:\n"
    )
    rows = [
        f"| {name} | {reference[key]:,} | {ours[key]:,} |"
        for name, key in (
            ("pairs read from replies", "pairs_parsed"),
            ("pairs kept by the same checks", "kept_pairs"),
            ("tokens written", "output_tokens"),
            ("seconds", "seconds"),
            ("kept pairs a minute", "kept_pairs_per_minute"),
        )
    ]
    marks, bound = result["grounded_by_hand"], result["speedup_is_lower_bound"]
    tail = (
        f"\n{result['kept_pairs_per_100_words']} kept pairs per 100 words of source. "
        + (
            "The reference kept no pair; counted as if it had kept one, ours is "
            if bound
            else "Kept pairs a minute: "
        )
        + f"{result['speedup_kept_pairs_per_minute']:,.0f} times as fast."
    )
    if share := result["grounded_share_by_hand"]:
        low, high = result["grounded_share_interval"]
        tail += (
            f" Of {marks['marked']} kept pairs drawn at random and read by hand, {share:.0%} "
            f"({low:.0%} to {high:.0%}) are grounded and answerable."
        )
    return {
        "generation": "\n".join([head, "| | reference recipe | ours |", "| --- | ---: | ---: |", *rows, tail])
    }


def _ingestion(result: Json) -> dict[str, str]:
    backends = result["backends"]
    names = list(backends)
    rows = [
        ("pages of prose a second, whole stage", "pages_per_second", "{:.0f}"),
        ("the parser alone, pages per CPU second", "pages_read_per_cpu_second", "{:.0f}"),
        ("word error rate against the Markdown sources", "word_error_rate", "{:.2%}"),
    ]
    lines = [
        f"| {title} | " + " | ".join(text.format(backends[name][key]) for name in names) + " |"
        for title, key, text in rows
    ]
    if hostile := result.get("hostile"):
        lines.append(
            f"| {hostile[names[0]]['files']} hostile files, all accounted for | "
            + " | ".join(f"{hostile[name]['seconds']:.0f} s" for name in names)
            + " |"
        )
    head = [f"| | {' | '.join(names)} |", "| --- |" + " ---: |" * len(names)]
    pages = result.get("pages", {"libraries": []})
    tail = [
        f"{row['pages']:,.0f} pages{where}: {row['seconds']:.0f} s, {row['peak_memory_bytes'] / 1e6:.0f} MB"
        for row, where in [
            *((row, "") for row in pages["libraries"]),
            *([(pages["one_file"], " in one file")] if "one_file" in pages else []),
        ]
    ]
    return {"ingestion": "\n".join([*head, *lines, *(["", "; ".join(tail) + "."] if tail else [])])}


def _poppler(result: Json) -> dict[str, str]:
    told = {"pdfium": "PDFium alone", "pypdf": "pypdf alone", "both": "both, as the stage reads"}
    lines = ["| files | read by | words of poppler's found | files with text | less than half |"]
    lines.append("| --- | --- | ---: | ---: | ---: |")
    poor = []
    for folder, found in result["folders"].items():
        lines += [
            f"| {found['files']} of `{folder}` | {name} | {100 * found[key]['word_recall']:.1f} % |"
            f" {found[key]['files_read']} | {len(found[key]['less_than_half'])} |"
            for key, name in told.items()
        ]
        poor += [
            f"`{file['name']}` ({file['words']} of {file['poppler_words']} words"
            f"{', ' + file['reason'] if file['reason'] else ''})"
            for file in found["both"]["less_than_half"]
        ]
    return {
        "poppler": "\n".join(
            [*lines, *(["", f"Less than half with both: {', '.join(poor)}."] if poor else [])]
        )
    }


def _time(result: Json) -> str:
    machine = result["machine"]
    return (
        f"On {machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, no GPU: "
        f"**{result['cold_seconds'] / 60:.1f} minutes** cold, **{result['warm_seconds']:.0f} s** for a "
        f"second run that builds {result['warm_built']} stages; "
        f"{result['peak_memory_bytes'] / 1e9:.1f} GB at most, all processes together."
    )


def _stages(result: Json) -> str:
    stages: dict[str, list[dict[str, float]]] = {}
    for row in result["stages"]:
        stages.setdefault(row["stage"], []).append(row)
    rows = [
        f"| {name} | {len(found)} | {sum(row['seconds'] for row in found):.0f} "
        f"| {max(row['peak_memory_bytes'] for row in found) / 1e9:.1f} |"
        for name, found in stages.items()
    ]
    return "\n".join(["| stage | runs | seconds | GB at most |", "| --- | ---: | ---: | ---: |", *rows])


if __name__ == "__main__":
    update_readme(*map(Path, sys.argv[1:2]))
