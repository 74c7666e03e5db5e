"""The system bundle: what an app is given answers as the run does, is whole, or is not written at all."""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from published_system import publish_system
from tiny_bundle import CONTEXT, convert_tiny
from typer.testing import CliRunner, Result

from flows.cli import app
from tasks.models.bundle import Bundle
from tasks.models.bundle_metadata import bundle_metadata
from tasks.router_runtime.policy import Policy

pytestmark = pytest.mark.models
MadeOnce = Callable[[str, Callable[[Path], object]], Path]
QUESTION = "Which rituals?"


@pytest.fixture
def tiny(made_once: MadeOnce) -> Path:
    return made_once("tiny-bundle", convert_tiny) / "edge" / "model.litertlm"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def system(home: Path, tiny: Path) -> Path:
    publish_system(home, tiny)
    done = invoke("bundle", "latest", home / "system")
    assert done.exit_code == 0, done.output
    return home / "system"


def invoke(*arguments: object, asked: str = "") -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], input=asked)


def played(folder: Path, *questions: str) -> subprocess.CompletedProcess[str]:
    """Run the player as an app's developer would: no module of ours can be imported there."""
    command = [sys.executable, "-I", folder / "play.py", *questions]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder.parent)


def shown(said: str) -> str:
    """Return an answer without what a terminal is not shown."""
    answer = said.split("\n", 1)[1]
    return "".join(letter for letter in answer if letter.isprintable() and not letter.isspace())


def test_the_manifest_names_every_file_by_what_it_is_and_the_zip_holds_the_same(system: Path) -> None:
    manifest = json.loads((system / "manifest.json").read_text())
    found = {
        path.relative_to(system).as_posix(): path.read_bytes() for path in system.rglob("*") if path.is_file()
    }
    written = {file["path"]: file for file in manifest["files"]}
    assert set(written) | {"manifest.json"} == set(found)
    for path, file in written.items():
        assert file["sha256"] == hashlib.sha256(found[path]).hexdigest()
        assert file["bytes"] == len(found[path])
        assert file["what"]
    with zipfile.ZipFile(system.with_name("system.zip")) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {
            f"system/{path}": content for path, content in found.items()
        }


def test_the_manifest_says_how_to_talk_to_an_expert_and_whose_it_is(system: Path, tiny: Path) -> None:
    manifest = json.loads((system / "manifest.json").read_text())
    assert [expert["domain"] for expert in manifest["experts"]] == ["anxiety", "ocd"]
    assert manifest["experts"][0]["context_tokens"] == CONTEXT
    assert "<|im_start|>" in manifest["experts"][0]["chat_template"]
    assert manifest["experts"][0]["stop_tokens"]
    assert (manifest["format"], manifest["version"], manifest["form"]) == ("pocketmoe-system", 1, "merged")
    assert manifest["base_model"]["licence"] == "Apache-2.0"
    page = (system / "README.md").read_text()
    row = "| `experts/ocd.litertlm` | the expert for `ocd`: weights, tokenizer and chat format |"
    assert f"{row} {tiny.stat().st_size} |" in page


def test_a_run_gives_the_same_bytes_again(system: Path) -> None:
    assert invoke("bundle", "latest", system.parent / "again" / "system").exit_code == 0
    archives = [system.with_name("system.zip"), system.parent / "again" / "system.zip"]
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_the_player_alone_says_what_the_run_says(system: Path) -> None:
    as_long = ("--max-new-tokens", 256)
    of_run = invoke("chat", "--edge", *as_long, asked=QUESTION).stdout
    of_bundle = invoke("chat", "--bundle", system, *as_long, asked=QUESTION).stdout
    of_zip = invoke("chat", "--bundle", system.with_name("system.zip"), *as_long, asked=QUESTION).stdout
    assert of_run == of_bundle == of_zip
    assert of_run.startswith("[ocd 95%]\n")
    done = played(system, QUESTION)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[ocd]\n")
    assert shown(done.stdout) == shown(of_run)


def test_the_player_refuses_as_the_policy_says_and_has_no_generalist(
    home: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = Policy(min_confidence=0.99, refusal="Ask about {domains}.")
    publish_system(home / "unsure", tiny, policy=unsure)
    nowhere = unsure.model_copy(update={"unsure": "refused"})
    publish_system(home / "nowhere", tiny, policy=nowhere)
    for name in ("unsure", "nowhere"):
        monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(home / name))
        assert invoke("bundle", "latest", home / f"{name}-system").exit_code == 0
    assert played(home / "unsure-system", QUESTION).stdout.startswith("[ocd]\n")
    assert played(home / "nowhere-system", QUESTION).stdout == "[refused]\nAsk about anxiety and ocd.\n\n"


def test_a_question_that_fills_the_context_does_not_reach_the_runtime(system: Path) -> None:
    said = played(system, "why " * 600, QUESTION)
    assert said.returncode == 0
    assert "The question is too long: " in said.stdout
    assert said.stdout.count("[") >= 2


@pytest.mark.parametrize("name", ["experts/ocd.litertlm", "router/router.json", "play.py"])
def test_a_changed_file_is_named_before_anything_is_opened(system: Path, name: str) -> None:
    content = bytearray((system / name).read_bytes())
    content[-1] ^= 1
    (system / name).write_bytes(content)
    done = invoke("chat", "--bundle", system, asked=QUESTION)
    assert done.exit_code == 2
    assert f"{name}: not what the manifest says" in done.stderr
    if name != "play.py":
        assert f"{name}: not what the manifest says" in played(system, QUESTION).stderr


def test_a_missing_file_and_a_later_version_are_named(system: Path) -> None:
    (system / "README.md").unlink()
    assert "README.md: missing" in invoke("chat", "--bundle", system, asked=QUESTION).stderr
    assert "README.md: missing" in played(system, QUESTION).stderr
    manifest = json.loads((system / "manifest.json").read_text()) | {"version": 2}
    (system / "manifest.json").write_text(json.dumps(manifest))
    assert "version 2 of the format" in invoke("chat", "--bundle", system, asked=QUESTION).stderr
    assert "pocketmoe-system 2 is not what this program reads" in played(system, QUESTION).stderr


def test_a_bundle_that_the_runtime_refuses_leaves_nothing(home: Path, tiny: Path) -> None:
    broken = home / "broken.litertlm"
    broken.write_bytes(tiny.read_bytes()[: tiny.stat().st_size // 2])
    publish_system(home, broken)
    done = invoke("bundle", "latest", home / "out" / "system")
    assert done.exit_code == 2, done.output
    assert "experts/" in done.stderr
    assert list((home / "out").iterdir()) == []


def test_what_ships_is_what_the_file_says_and_the_runtime_reads(tiny: Path) -> None:
    said = bundle_metadata(tiny)
    bundle = Bundle(tiny)
    try:
        assert said.context_tokens == bundle.context_tokens
        assert [[token] for token in said.stop_tokens] == sorted(bundle.engine.eos_token_ids)
    finally:
        bundle.close()


def test_the_player_fits_on_a_few_screens(system: Path) -> None:
    assert len((system / "play.py").read_text().splitlines()) <= 150
