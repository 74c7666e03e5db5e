"""The last words of a run: the results in one table, and where to go from here.

In: the folder of a report. Out: something that rich can print.
"""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from flows.report.html import read_report
from flows.report.tables.account_tables import pairs_table
from flows.report.tables.result_tables import results_table, systems_table


def closing_words(folder: Path) -> RenderableType:
    """Return the result tables, the report's path and the commands that use the result."""
    report = read_report(folder / "report.json")
    warnings = [Text(f"warning: {warning}", style="yellow") for warning in report.warnings]
    built = sum(row.status == "built" for row in report.stages)
    lines = [
        f"{built} of {len(report.stages)} stages built in {report.seconds:.0f} s",
        f"report      {folder / 'report.html'}",
        "dashboards  .venv/bin/pocketmoe up",
        "champion    .venv/bin/pocketmoe promote       (the gate's verdict, and on to the registry)",
        "chat        .venv/bin/pocketmoe chat          (adapters)",
        "            .venv/bin/pocketmoe chat --edge   (INT4 bundles, as on the phone)",
    ]
    return Group(
        pairs_table(report).rich(),
        results_table(report, intervals=False).rich(),
        systems_table(report).rich(),
        *warnings,
        *map(Text, lines),
    )
