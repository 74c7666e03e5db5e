"""Pins that a library is never read in part without a word: what is not read is named, in one message."""

import json
import logging
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from tasks.ingest.config import IngestConfig
from tasks.ingest.reading.finding import find_documents
from tasks.ingest.reading_config import FORMATS
from tasks.ingest.run import run
from tasks.kernel.errors import DocumentError
from tasks.kernel.user_files import user_files
from tasks.kernel.workspace import Workspace, silent
from tests.ingest.data_sets import ingested, json_lines
from tests.permissions import bound
from tests.planted import KINDS, planted

pytestmark = pytest.mark.slow

TEXT = "The lathe turns a piece of steel. A chuck holds the piece while it turns."


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    return folder


def account(library: Path, **config: object) -> tuple[dict[str, float], dict[str, str]]:
    """Ingest a library; return its figures, and by file what became of it."""
    out = library.parent / "out"
    out.mkdir(exist_ok=True)
    work = Workspace(out, library.parent / "scratch", silent)
    metrics = run({"documents": library}, IngestConfig.model_validate({"reading": config}), work)
    entries = json.loads((out / "documents.json").read_text())
    return metrics, {one["name"]: one.get("reason") or one.get("same_as") or one["status"] for one in entries}


def test_a_linked_folder_is_read_once(texts: Path, tmp_path: Path) -> None:
    store = tmp_path / "store" / "manuals"
    store.mkdir(parents=True)
    (store / "post.txt").write_text(TEXT + " The tool post holds the tool.")
    (texts / "manuals").symlink_to(store.parent)
    (texts / "once more").symlink_to(store)
    (texts / "z.txt").symlink_to(texts / "a.txt")
    (texts / "around").symlink_to(texts)
    _, found = account(texts)
    assert found == {
        "a.txt": "read",
        "around": ".",
        "manuals/manuals/post.txt": "read",
        "once more": "manuals/manuals",
        "z.txt": "a.txt",
    }


def test_lost_links_and_pipes_are_named_all_at_once(texts: Path) -> None:
    (texts / "gone.pdf").symlink_to("nowhere.pdf")
    (texts / "folder").symlink_to("nowhere")
    os.mkfifo(texts / "pipe.txt")
    os.mkfifo(texts / "queue")
    with pytest.raises(DocumentError) as told:
        read(texts, texts.parent / "scratch")
    lines = str(told.value).splitlines()
    assert lines == [
        f"{texts}/folder: leads to no file; mend or remove the link",
        f"{texts}/gone.pdf: leads to no file; mend or remove the link",
        f"{texts}/pipe.txt: a pipe and no file; remove it",
        "(`ingest.reading.unreadable: skip` leaves such files out, and accounts for them)",
    ]
    metrics, found = account(texts, unreadable="skip")
    lost = dict.fromkeys(["folder", "gone.pdf", "pipe.txt"], "no_file")
    assert found == {"a.txt": "read", **lost, "queue": "other_format"}
    assert metrics["documents_unreadable"] == 3


def test_a_library_of_a_lost_link_alone_names_it(tmp_path: Path) -> None:
    library = tmp_path / "only"
    library.mkdir()
    (library / "manual.pdf").symlink_to("gone.pdf")
    for unreadable in ("fail", "skip"):
        with pytest.raises(DocumentError, match=r"only/manual\.pdf: leads to no file"):
            read(library, tmp_path / "scratch", unreadable=unreadable)
    with pytest.raises(DocumentError, match=r"manual\.pdf: leads to no file"):
        read(library / "manual.pdf", tmp_path / "scratch")


NAMES = {
    b"caf\xe9.txt": r"caf\xe9.txt",
    b"new\nline.txt": r"new\nline.txt",
    b"#1 50% off? [a] 'b' \"c\".txt": "#1 50% off? [a] 'b' \"c\".txt",
    b"-rf.txt": "-rf.txt",
    "Ger\u00e4t.txt".encode(): "Ger\u00e4t.txt",
    "Gera\u0308t.txt".encode(): "Gera\u0308t.txt",
    b"x" * 251 + b".txt": "x" * 251 + ".txt",
    b"page.html": "page.html",
    b"P\xe9.html": r"P\xe9.html",
}


def test_files_of_any_name_are_read(texts: Path) -> None:
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(bytes(texts) + b"/" + name)).write_text(f"{TEXT} It is number {number} of them.")
    metrics, found = account(texts)
    assert found == dict.fromkeys(["a.txt", *NAMES.values()], "read")
    assert metrics["documents"] == len(NAMES) + 1


def test_what_is_not_of_a_format_that_is_read_is_told(texts: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("old.doc", "b.pdf.gz", "set.zip", *(f"{number:02}.png" for number in range(12))):
        (texts / name).write_text("x")
    for name in (".x.txt", "._a.txt", "~$a.docx"):
        (texts / name).write_text("x")
    with caplog.at_level(logging.WARNING):
        metrics, found = account(texts)
    assert (found.pop("a.txt"), set(found.values()), len(found)) == ("read", {"other_format"}, 15)
    assert metrics["documents_left_out"] == 15
    (told,) = (line for line in caplog.messages if "left out" in line)
    assert told.startswith(f"{texts}: left out, not of a format that is read: 00.png, 01.png, ")
    assert told.endswith(" and 5 more")


def test_two_files_of_one_name_and_format_are_both_read(texts: Path) -> None:
    (texts / "a.TXT").write_text("Another text, which says something else.")
    (texts / "b.htm").write_text("<p>One page of the two.</p>")
    (texts / "b.html").write_text("<p>The other page of them.</p>")
    (texts / "b.md").write_text("The pages' source.")
    _, found = account(texts)
    assert found == {"a.TXT": "read", "a.txt": "read", "b.htm": "read", "b.html": "read", "b.md": "b.htm"}


READ = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/ingest")
from reading import read
from tasks.kernel.errors import DocumentError
try:
    found = read(Path(sys.argv[1]), Path(sys.argv[2]), unreadable=sys.argv[3])
    print([one.name for one in found.documents], [(one.name, str(one.reason)) for one in found.unreadable])
except DocumentError as error:
    print(error)
"""


def test_closed_folders_and_files_are_named_or_left_out(texts: Path) -> None:
    scratch = texts.parent / "scratch"
    (texts / "closed").mkdir()
    (texts / "closed" / "b.txt").write_text(TEXT)
    (texts / "closed").chmod(0)
    (texts / "secret.txt").write_text(TEXT)
    (texts / "secret.txt").chmod(0)
    assert bound(READ, texts, scratch, "fail").splitlines()[:2] == [
        f"{texts}/closed: cannot be read (Permission denied); give access to it or remove it",
        f"{texts}/secret.txt: cannot be read (Permission denied); correct its permissions",
    ]
    left = "[('closed', 'no_permission'), ('secret.txt', 'no_permission')]"
    assert bound(READ, texts, scratch, "skip") == f"['a.txt'] {left}\n"
    alone = bound(READ, texts / "closed" / "b.txt", scratch, "fail")
    assert alone.startswith(f"{texts}/closed/b.txt: cannot be read")
    (texts / "closed").chmod(0o755)


def test_a_data_set_names_all_that_it_lacks_and_reads_no_file_twice(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "deep").mkdir(parents=True)
    json_lines(folder / "deep" / "a.jsonl", {"q": "one", "a": "x"})
    (folder / "again").symlink_to("deep")
    (folder / "b.jsonl").symlink_to("deep/a.jsonl")
    assert [example.question for example in ingested(folder).examples] == ["one"]
    folder = folder.rename(tmp_path / "other")
    (folder / "gone.jsonl").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.csv")
    with pytest.raises(DocumentError, match=r"gone\.jsonl: leads to no file(.|\n)*pipe\.csv: a pipe"):
        ingested(folder)


READ_ROWS = """
import sys
from pathlib import Path
from tasks.ingest.datasets.names import data_files
from tasks.kernel.errors import DocumentError
try:
    print(data_files(Path(sys.argv[1]), ()))
except DocumentError as error:
    print(error)
"""


def test_closed_data_files_are_named_all_at_once(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.parquet", "c.csv"):
        (tmp_path / name).write_text("x")
    for name in ("a.jsonl", "b.parquet"):
        (tmp_path / name).chmod(0)
    assert bound(READ_ROWS, tmp_path).splitlines() == [
        f"{tmp_path}/{name}: cannot be read (Permission denied); give access to it"
        for name in ("a.jsonl", "b.parquet")
    ]


NAMES_OF_ANY_KIND = st.tuples(
    st.binary(max_size=8).filter(lambda name: b"/" not in name and b"\0" not in name),
    st.sampled_from([b"", b".txt", b".TXT", b".pdf", b".md", b".doc", b".pdf.gz"]),
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), NAMES_OF_ANY_KIND, st.sampled_from(KINDS)), min_size=1, max_size=12)
)
def test_each_entry_of_any_library_is_read_a_duplicate_or_told(
    tmp_path_factory: pytest.TempPathFactory, tree: list[tuple[int, bytes, str]]
) -> None:
    root = planted(tmp_path_factory.mktemp("library"), tree)
    try:
        found = find_documents(root, FORMATS)
    except DocumentError as error:
        assert "none of *.pdf" in str(error)  # noqa: PT017  # nothing is to be read there
        return
    names = [*(file.name for file in found.files), *found.duplicates, *found.left_out]
    assert sorted(names) == sorted(entry.name for entry in user_files(root))
    assert "\n" not in "".join(names)
    assert "".join(names).encode()
