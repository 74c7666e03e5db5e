"""Pins what a merge refuses before any weight is loaded."""

from pathlib import Path

import pytest

from tasks.kernel.errors import DataError
from tasks.merge.merge_plan import MergeError, plan_merge
from tasks.models.loading import base_identity
from tasks.records.files import write_json

pytestmark = pytest.mark.slow


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders that look like a base and its adapter as far as planning reads them."""
    base, adapter = tmp_path / "base", tmp_path / "adapter"
    base.mkdir()
    adapter.mkdir()
    (base / "config.json").write_text("{}")
    (base / "model.safetensors").write_bytes(b"weights")
    record = {"base": base_identity(base), "quantization": "nf4", "double_quantization": True}
    write_json(adapter / "training.json", {**record, "compute_dtype": "float32"})
    return base, adapter


def test_the_trained_base_is_accepted(folders: tuple[Path, Path]) -> None:
    assert plan_merge(*folders).trained.quantization == "nf4"


def test_other_weights_are_refused(folders: tuple[Path, Path]) -> None:
    base, adapter = folders
    (base / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(MergeError, match="trained on another base"):
        plan_merge(base, adapter)


def test_a_missing_record_is_refused(folders: tuple[Path, Path]) -> None:
    (folders[1] / "training.json").unlink()
    with pytest.raises(DataError, match=r"training\.json: cannot be read .*; train the adapter again"):
        plan_merge(*folders)


def test_an_incomplete_record_is_refused(folders: tuple[Path, Path]) -> None:
    write_json(folders[1] / "training.json", {"base": "x"})
    with pytest.raises(DataError, match=r"training\.json: quantization: Field required"):
        plan_merge(*folders)
