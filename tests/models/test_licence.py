"""A base model's licence is what its publisher says in its folder, and never a guess."""

from pathlib import Path

import pytest

from tasks.models.licence import Licence, licence_of
from tasks.models.sources import EmbeddedModel, FolderModel


@pytest.mark.parametrize(
    ("card", "name"),
    [
        ("---\nlicense: apache-2.0\ntags: [a]\n---\n# Model\n", "apache-2.0"),
        ("---\nlicense: other\nlicense_name: gemma\n---\n", "gemma"),
        ("---\ntags: [a]\n---\n", None),
        ("# Model\nlicense: mit\n", None),
        ("---\nlicense: [\n---\n", None),
        (None, None),
    ],
)
def test_the_card_names_the_licence_or_there_is_none(
    tmp_path: Path, card: str | None, name: str | None
) -> None:
    if card is not None:
        (tmp_path / "README.md").write_text(card)
    assert licence_of(FolderModel(source="folder", path=tmp_path), tmp_path) == Licence(name, None)


def test_the_text_stands_beside_the_weights(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("Do as you like.")
    assert licence_of(FolderModel(source="folder", path=tmp_path), tmp_path) == Licence(
        None, "Do as you like."
    )


def test_the_embedded_model_brings_its_own(tmp_path: Path) -> None:
    found = licence_of(EmbeddedModel(), tmp_path)
    assert found.name == "Apache-2.0"
    assert "Apache License" in (found.text or "")
