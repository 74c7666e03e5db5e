"""Settings: an artifacts folder whose path no database's address can hold is refused at once."""

from pathlib import Path

import pytest

from tasks.kernel.errors import ConfigError
from tasks.kernel.settings import Settings


@pytest.mark.parametrize("name", ["what?", "a#b", "100%", "a%20b", "line\nbreak", "b\udcffyte", "tab\t"])
def test_a_path_that_no_address_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path / name / "artifacts"))
    with pytest.raises(ConfigError, match=r"^POCKETMOE_ARTIFACTS: .* cannot stand in a database's address"):
        Settings.read()


def test_it_is_the_whole_path_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "what?").mkdir()
    monkeypatch.chdir(tmp_path / "what?")
    monkeypatch.delenv("POCKETMOE_ARTIFACTS", raising=False)
    with pytest.raises(ConfigError, match="set a folder without it"):
        Settings.read()


@pytest.mark.parametrize("name", ["with space", "größe", "数学", "a&b=c", "it's", "a+b;c,d@e"])
def test_other_paths_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path / name))
    assert Settings.read().home == tmp_path / name
