"""Tables of README and the guides are those of the result files: none is typed by hand, and none is lost."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs_pages import PROJECT, pages

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.png"))
    shutil.copy(PROJECT / "README.md", tmp_path / "README.md")
    return tmp_path


def written(project: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.readme", str(project)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_tables_are_those_of_the_results(project: Path) -> None:
    done = written(project)
    assert done.returncode == 0, done.stderr
    assert pages(project) == pages()


def test_a_figure_changed_by_hand_is_written_again(project: Path) -> None:
    readme = project / "README.md"
    readme.write_text(
        re.sub(r"(?m)^\| anxiety \| \d+", "| anxiety | 9999", readme.read_text("utf-8")), "utf-8"
    )
    assert pages(project) != pages()
    written(project)
    assert pages(project) == pages()


def test_a_table_without_a_place_is_an_error_and_nothing_is_written(project: Path) -> None:
    page = project / "docs" / "device.md"
    page.write_text(page.read_text("utf-8").replace("<!-- /demo-int4 -->\n", ""), "utf-8")
    before = pages(project)
    done = written(project)
    assert done.returncode != 0
    assert "demo-int4: no page has a place for it" in done.stderr
    assert pages(project) == before
