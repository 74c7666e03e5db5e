"""A library with one good document, beside which a test puts a bad one."""

from pathlib import Path

import pytest
from drawn_pages import PROSE, Sheet, draw


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    draw(folder / "good.pdf", [Sheet().write(*PROSE)])
    return folder
