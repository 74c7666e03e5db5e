"""The corpus that most tests of generation start from."""

from pathlib import Path

import pytest
from generate_corpus import passages, write_corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", passages(12), [])
