"""Write a report: a `Report` in, `report.json` and `report.html` in a folder out."""

import json
from pathlib import Path

from flows.report.html import render
from flows.report.schema import Report
from tasks.records import write_json


def write_report(summary: Report, folder: Path) -> None:
    """Write both files; the page is written from the same value as the JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    # Through pydantic's own JSON, which turns infinities and NaN into null.
    write_json(folder / "report.json", json.loads(summary.model_dump_json(by_alias=True)))
    (folder / "report.html").write_text(render(summary, _earlier(folder)), encoding="utf-8")


def read_report(path: Path) -> Report:
    """Read a report.json of this schema; raise pydantic's ValidationError where it is another."""
    return Report.model_validate_json(path.read_bytes())


def _earlier(folder: Path) -> str:
    """Return the page of the newest finished run beside `folder`, if there is one."""
    page = folder.parent / "latest" / "report.html"
    return page.read_text(encoding="utf-8") if page.is_file() else ""
