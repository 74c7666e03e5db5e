"""Pictures for README and the guides from the benchmark's own run: the DAG, and the report in Chromium.

Run with `make pictures` after `make bench`; needs `chromium` on the path.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from flows.report.charts.dag_chart import dag_chart
from flows.report.html import read_report
from tasks.kernel.errors import ServiceError
from tasks.kernel.settings import PROJECT

RUNS = PROJECT / "artifacts" / "bench" / "runs"
PICTURES = PROJECT / "docs" / "pictures"


def main() -> None:
    """Draw both pictures."""
    PICTURES.mkdir(exist_ok=True)
    cold = min(path for path in RUNS.iterdir() if path.name != "latest")
    photograph(cold / "report.html", PICTURES / "report.png", "1100,1500")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "dag.html"
        page.write_text(_dag_page(cold), encoding="utf-8")
        photograph(page, PICTURES / "dag.png", "600,245")


def _dag_page(run: Path) -> str:
    """Return a page with the DAG alone, in the report's colours."""
    style = (PROJECT / "flows" / "report" / "page.css").read_text(encoding="utf-8")
    chart = dag_chart(read_report(run / "report.json"))
    return f"<!doctype html><meta charset='utf-8'><style>{style}</style>{chart}"


def photograph(page: Path, picture: Path, window: str) -> None:
    """Save what a browser shows of `page`; raise ServiceError where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise ServiceError(
            "chromium: not found; install the browser, for example with `apt install chromium`"
        )
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += [f"--user-data-dir={profile}", f"--window-size={window}", f"--screenshot={picture}"]
        subprocess.run([*command, page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    main()
