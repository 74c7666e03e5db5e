"""One walk over a user's files: every entry is a file, a problem or known, and keys see what it sees."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.kernel.errors import DocumentError
from tasks.kernel.fingerprint import source_identity
from tasks.kernel.user_files import ARTIFACTS_MARK, UserFile, shown, user_files
from tests.permissions import bound
from tests.planted import KINDS, planted


def names(folder: Path) -> dict[str, str]:
    """Return what became of each entry."""
    return {entry.name: entry.problem or entry.same_as or "file" for entry in user_files(folder)}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("a")
    return folder


def test_links_to_folders_and_files_are_followed(library: Path, tmp_path: Path) -> None:
    (tmp_path / "store" / "more").mkdir(parents=True)
    (tmp_path / "store" / "more" / "b.txt").write_text("b")
    (library / "linked").symlink_to(tmp_path / "store")
    (library / "c.txt").symlink_to(tmp_path / "store" / "more" / "b.txt")
    assert names(library) == {"c.txt": "file", "deep/a.txt": "file", "linked/more/b.txt": "file"}
    before = source_identity(library, "documents")
    (tmp_path / "store" / "more" / "b.txt").write_text("changed")
    after = source_identity(library, "documents")
    assert {name for name in before if before[name] != after[name]} == {"c.txt", "linked/more/b.txt"}


def test_a_folder_is_walked_once_by_the_name_of_the_real_one(library: Path) -> None:
    (library / "again").symlink_to("deep")
    (library / "deep" / "up").symlink_to("..")
    (library / "deep" / "self").symlink_to(".")
    (library / "above").symlink_to(library.parent)
    (library / "root").symlink_to("/")
    assert names(library) == {
        "above": ".",
        "again": "deep",
        "deep/a.txt": "file",
        "deep/self": "deep",
        "deep/up": ".",
        "root": ".",
    }


def test_what_cannot_be_read_is_a_problem_and_never_opened(library: Path) -> None:
    (library / "gone.pdf").symlink_to("nowhere.pdf")
    (library / "loop.pdf").symlink_to("loop.pdf")
    os.mkfifo(library / "pipe.pdf")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(library / "socket.pdf"))
    found = names(library)
    assert found["gone.pdf"] == "leads to no file; mend or remove the link"
    assert "symbolic links" in found["loop.pdf"]
    assert found["pipe.pdf"] == "a pipe and no file; remove it"
    assert found["socket.pdf"] == "a socket and no file; remove it"
    key = source_identity(library, "documents")
    (library / "gone.pdf").unlink()
    (library / "gone.pdf").write_bytes(b"mended")
    assert source_identity(library, "documents") != key


def test_what_programs_leave_beside_files_is_no_entry(library: Path) -> None:
    for name in (".hidden.pdf", "._a.pdf", "~$a.docx"):
        (library / name).write_text("x")
    for name in ("__MACOSX", ".git", "__pycache__"):
        (library / name).mkdir()
        (library / name / "b.pdf").write_text("x")
    (library / "artifacts").mkdir()
    (library / "artifacts" / "record.json").write_text("{}")
    (library / "artifacts" / ARTIFACTS_MARK).touch()
    assert names(library) == {"deep/a.txt": "file"}


def test_paths_that_are_too_long_are_named(library: Path) -> None:
    folder = os.open(library, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=folder)
        folder = os.open("x" * 250, os.O_RDONLY, dir_fd=folder)
    (entry,) = (entry for entry in user_files(library) if entry.problem)
    assert entry.trouble == "closed"
    assert "File name too long" in entry.problem


def test_names_are_spelled_as_everything_takes_them(library: Path) -> None:
    for name in (
        b"caf\xe9.txt",
        b"caf\\xe9.txt",
        b"new\nline.txt",
        b"-rf #1 50% [a]?.txt",
        b"\xe2\x80\xaegnp.txt",
    ):
        Path(os.fsdecode(bytes(library) + b"/" + name)).write_text("x")
    found = names(library)
    assert set(found) == {
        "-rf #1 50% [a]?.txt",
        r"\u202egnp.txt",
        r"caf\xe9.txt",
        r"caf\xe9.txt (2)",
        "deep/a.txt",
        r"new\nline.txt",
    }
    assert len(source_identity(library, "documents")) == 6
    assert shown("\ud83d") == r"\ud83d"
    both = ["Ger\u00e4t.txt", "Gera\u0308t.txt"]
    assert [shown(name) for name in both] == both


def test_one_file_a_missing_one_and_an_empty_folder(library: Path, tmp_path: Path) -> None:
    assert names(library / "deep" / "a.txt") == {"a.txt": "file"}
    assert user_files(tmp_path / "nowhere") == user_files(library / "deep" / "a.txt" / "x") == []
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentError, match=r"review: .*pipe: a pipe and no file"):
        source_identity(tmp_path / "pipe", "review")
    (tmp_path / "empty").mkdir()
    assert source_identity(tmp_path / "empty", "documents") == {}
    with pytest.raises(DocumentError, match=r"documents: .*nowhere: no such file or folder"):
        source_identity(tmp_path / "nowhere", "documents")


WALK = """
import sys
from pathlib import Path
from tasks.kernel.errors import DocumentError
from tasks.kernel.fingerprint import source_identity
from tasks.kernel.user_files import user_files
place = Path(sys.argv[1])
try:
    for name, digest in source_identity(place, "documents").items():
        print(name, digest[:16], sep="|")
except DocumentError as error:
    print(error)
for entry in user_files(place):
    print(entry.name, entry.problem or "file", sep="|")
"""


def test_closed_folders_and_files_are_named(tmp_path: Path) -> None:
    library = tmp_path / "library"
    for name in ("closed", "listed", "open"):
        (library / name).mkdir(parents=True)
        (library / name / "a.txt").write_text("a")
    (library / "secret.txt").write_text("a")
    (library / "secret.txt").chmod(0)
    (library / "closed").chmod(0)
    (library / "listed").chmod(0o644)
    problem = "cannot be read (Permission denied); give access to it or remove it"
    assert bound(WALK, library).splitlines() == [
        "closed|cannot be read (",
        "listed/a.txt|cannot be read (",
        "open/a.txt|ca978112ca1bbdca",
        "secret.txt|cannot be read; ",
        f"closed|{problem}",
        f"listed/a.txt|{problem}",
        "open/a.txt|file",
        "secret.txt|file",
    ]
    for name in ("closed", "closed/a.txt"):
        told, seen = bound(WALK, library / name).splitlines()
        assert told == f"documents: {library / name}: {problem}"
        assert seen.endswith(f"|{problem}")
    secret = bound(WALK, library / "secret.txt")
    assert secret.startswith(f"documents: {library}/secret.txt: cannot be read; give access to it\n")
    (library / "closed").chmod(0o755)
    (library / "listed").chmod(0o755)


NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: b"/" not in name and b"\0" not in name)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), NAMES, st.sampled_from(KINDS)), max_size=14))
def test_every_entry_of_any_tree_is_a_file_a_problem_or_known(
    tmp_path_factory: pytest.TempPathFactory, tree: list[tuple[int, bytes, str]]
) -> None:
    root = planted(tmp_path_factory.mktemp("tree"), tree)
    found = user_files(root)
    assert len(found) == len({entry.name for entry in found}) == entries(bytes(root))
    assert all(one_place(entry) and entry.name.encode() for entry in found)
    assert source_identity(root, "documents").keys() == {entry.name for entry in found}


def entries(root: bytes) -> int:
    """Count what is no folder, and what is a link."""
    count, hidden = 0, (b".", b"~$")
    for folder, inside, files in os.walk(root):
        inside[:] = [name for name in inside if not name.startswith(hidden)]
        links = [name for name in inside if Path(os.fsdecode(folder + b"/" + name)).is_symlink()]
        count += len(links) + sum(not name.startswith(hidden) for name in files)
    return count


def one_place(entry: UserFile) -> bool:
    return [bool(entry.problem), bool(entry.same_as), entry.readable].count(True) == 1
