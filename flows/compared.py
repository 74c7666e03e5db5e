"""Show a comparison of routers: its rows in; a table for the terminal, JSON and a page in a folder out."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter
from rich.console import Group, RenderableType
from rich.text import Text

from flows.report.comparison import comparison_page, comparison_tables, verdict, warnings
from tasks.records import write_json
from tasks.route.compared import Compared

_ROWS = TypeAdapter(list[Compared])


def read_rows(path: Path) -> list[Compared]:
    """Read a comparison.json."""
    return _ROWS.validate_json(path.read_bytes())


def as_json(rows: Sequence[Compared]) -> str:
    """Return a list with one object a router."""
    return json.dumps([row.model_dump(mode="json") for row in rows], indent=2)


def write_comparison(rows: Sequence[Compared], folder: Path) -> list[Path]:
    """Write `comparison.json` and `comparison.html`; return both."""
    folder.mkdir(parents=True, exist_ok=True)
    data, page = folder / "comparison.json", folder / "comparison.html"
    write_json(data, [row.model_dump(mode="json") for row in rows])
    page.write_text(comparison_page(rows), encoding="utf-8")
    return [data, page]


def comparison_words(rows: Sequence[Compared]) -> RenderableType:
    """Return the tables, what can be concluded, and what flatters."""
    tables = [table.rich() for table in comparison_tables(rows).values() if table.rows]
    cautions = [Text(f"warning: {sentence}", style="yellow") for sentence in warnings(rows)]
    return Group(*tables, Text(verdict(rows)), *cautions)
