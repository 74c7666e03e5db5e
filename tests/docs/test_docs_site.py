"""The guides build as a site without a warning or a network, and no link in them or in README is broken."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from docs_pages import PROJECT, anchors, links, pages

pytestmark = pytest.mark.slow

_LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href"}


class Loaded(HTMLParser):
    """Collects what a browser loads with a page, and how many tables there are."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.tables += tag == "table"
        self.addresses += [value or "" for name, value in attrs if name == _LOADED.get(tag)]


def build(project: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(project / "mkdocs.yml")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        [*command, "-d", str(site)], capture_output=True, text=True, check=False, env=environment
    )


def copy(project: Path) -> Path:
    shutil.copytree(PROJECT / "docs", project / "docs")
    for name in ("mkdocs.yml", "README.md"):
        shutil.copy(PROJECT / name, project / name)
    return project


def broken(project: Path) -> list[str]:
    """Return the links of README that lead nowhere."""
    found = []
    for link in links((project / "README.md").read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        file = PROJECT / path if path == "CONTRIBUTING.md" else project / path
        if not file.is_file() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            found.append(link)
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(PROJECT, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_built(site: Path) -> None:
    names = {Path(page).stem for page in pages() if page.startswith("docs/")}
    assert names == {file.stem for file in site.glob("*.html")} - {"404"}


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for file in site.rglob("*.html"):
        page = Loaded()
        page.feed(file.read_text(encoding="utf-8"))
        assert not [one for one in page.addresses if re.match(r"(https?:)?//", one)], file.name


@pytest.mark.parametrize("page", [page for page in pages() if page.startswith("docs/")])
def test_every_table_is_one_on_the_site(page: str, site: Path) -> None:
    shown = Loaded()
    shown.feed((site / Path(page).with_suffix(".html").name).read_text(encoding="utf-8"))
    assert shown.tables == len(re.findall(r"^\| -{3}", pages()[page], re.MULTILINE))


def test_readme_leads_somewhere() -> None:
    assert broken(PROJECT) == []


def test_readme_is_short() -> None:
    assert pages()["README.md"].count("\n") <= 200


def test_every_picture_is_shown() -> None:
    shown = {Path(link).name for text in pages().values() for link in links(text)}
    assert {file.name for file in (PROJECT / "docs" / "pictures").iterdir()} <= shown


def test_broken_links_fail_the_build(tmp_path: Path) -> None:
    project = copy(tmp_path)
    targets = ["none.md", "experts.md#none", "pictures/none.png", "/absolute.md", "../README.md"]
    with (project / "docs" / "device.md").open("a", encoding="utf-8") as page:
        page.writelines(f"\n[a]({target})\n" for target in targets)
    done = build(project, tmp_path / "site")
    assert done.returncode != 0
    assert [target for target in targets if f"'{target}'" not in done.stderr] == []


def test_a_page_that_nothing_leads_to_fails_the_build(tmp_path: Path) -> None:
    project = copy(tmp_path)
    (project / "docs" / "lost.md").write_text("# Lost\n", encoding="utf-8")
    assert "lost.md" in build(project, tmp_path / "site").stderr


@pytest.mark.parametrize("fault", ["docs/none.md", "docs/experts.md#none", "docs/pictures/none.png"])
def test_a_broken_link_in_readme_is_told(fault: str, tmp_path: Path) -> None:
    project = copy(tmp_path)
    with (project / "README.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[a]({fault})\n")
    assert broken(project) == [fault]
