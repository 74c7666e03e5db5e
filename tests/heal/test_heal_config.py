"""Settings of healing: where the user's own text is, as users write it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.config import load_config
from tasks.heal.config import HealConfig
from tasks.models.sources import FolderModel


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_a_tilde_is_the_home_folder(home: Path) -> None:
    config = HealConfig.model_validate({"text": {"kind": "file", "path": "~/neutral.txt"}})
    assert config.text.files() == {"text": home / "neutral.txt"}


def test_so_it_is_for_a_base_model_of_ones_own(home: Path) -> None:
    assert FolderModel(path=Path("~/models/mine")).path == home / "models" / "mine"
    file = home / "run.yaml"
    file.write_text(
        "name: a\nbase_model: {source: folder, path: ~/mine}\ndomains: {x: {documents: ~/books}}\n"
    )
    config = load_config([file])
    assert config.base_model == FolderModel(path=home / "mine")
    assert config.domains["x"].documents == home / "books"


@pytest.mark.parametrize("path", ["$HOME/neutral.txt", "${HOME}/neutral.txt", "~nobody-here/neutral.txt"])
def test_nothing_else_is_filled_in(path: str) -> None:
    with pytest.raises(ValidationError, match="write the path out"):
        HealConfig.model_validate({"text": {"kind": "file", "path": path}})
