"""Pins that bombs, loops and crashes end in the process of their file, with a named reason."""

import time
from pathlib import Path

import pytest
from hostile import write_page
from reading import PDFIUM, PYPDF, read, reason

from tasks.ingest.reading.supervising import _Clock
from tasks.ingest.reading_config import Limits
from tasks.kernel.errors import DocumentError

pytestmark = pytest.mark.models
both = pytest.mark.parametrize("backend", [PYPDF, PDFIUM], ids=["pypdf", "pdfium"])
SENTENCE = b"BT /F1 12 Tf 60 700 Td (The boats leave in the dark.) Tj ET "
SMALL = {"memory_megabytes": 256}
BOMB = SENTENCE + b" " * 4 * 10**8


@both
def test_a_page_that_takes_too_long_is_ended(tmp_path: Path, backend: dict[str, str]) -> None:
    source = write_page(tmp_path / "bad.pdf", SENTENCE * 150_000, twice=True)
    start = time.monotonic()
    with pytest.raises(DocumentError, match=r"bad\.pdf: .* takes over 0\.5 s to read"):
        read(source, tmp_path / "scratch", backend=backend, limits={"page_seconds": 0.5})
    assert time.monotonic() < start + 60


def test_a_file_that_takes_too_long_as_a_whole_is_ended() -> None:
    clock = _Clock(Limits(seconds=100, page_seconds=10))
    clock.allow("page 7", 10)
    assert "page 7 takes over 10 s" in clock.overrun().problem
    clock.allow("page 8", 1000)
    assert "the file takes over 100 s" in clock.overrun().problem
    assert 0 < clock.left < 1000


def test_a_decompression_bomb_is_named(library: Path) -> None:
    write_page(library / "bad.pdf", BOMB, twice=True)
    assert (library / "bad.pdf").stat().st_size < 10_000
    assert reason(library, limits=SMALL) == "too_large"


def test_a_parser_that_dies_of_a_bomb_is_named_with_its_signal(library: Path) -> None:
    write_page(library / "bad.pdf", BOMB, twice=True)
    scratch = library.parent / "scratch"
    (file,) = read(
        library, scratch, backend=PDFIUM, limits=SMALL, unreadable="skip", second_opinion=False
    ).unreadable
    assert file.reason == "crashed"
    assert "its parser crashed (SIG" in file.problem


def test_a_page_that_unpacks_to_a_library_of_text(library: Path) -> None:
    write_page(library / "bad.pdf", b"BT /F1 12 Tf (" + b"abcdefgh " * 150_000 + b") Tj ET")
    assert reason(library, backend=PYPDF, second_opinion=False) == "too_large"


def test_a_page_that_needs_more_memory_than_allowed(library: Path) -> None:
    write_page(library / "bad.pdf", SENTENCE * 160_000, twice=True)
    assert reason(library, backend=PYPDF, second_opinion=False, limits=SMALL) == "too_large"
