"""The shared form of the system bundle: one base, and adapters that are seen to change what it says."""

import json
import subprocess
import sys
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pytest
from published_system import publish_shared, publish_system
from tiny_shared import make_shared
from typer.testing import CliRunner, Result

from flows.cli import app
from serving.bundle_experts import BundleExperts
from serving.experts import Experts
from tasks.models.edge_files import ExpertFiles

pytestmark = pytest.mark.models
MadeOnce = Callable[[str, Callable[[Path], object]], Path]
QUESTIONS = ("Why panic?", "Which rituals?")
DOMAINS = {"anxiety": "all", "ocd": "mlp"}


@pytest.fixture
def shared(made_once: MadeOnce) -> Path:
    return made_once("tiny-shared", make_shared) / "int4"


@pytest.fixture
def home(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in both forms, whose bundles of the merged form are no models: nobody may ask them."""
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path))
    (tmp_path / "unasked").write_bytes(b"unasked")
    publish_system(tmp_path, tmp_path / "unasked")
    files = {name: shared / name for name in ("model.litertlm", "no_adapter.tflite")}
    adapters = {
        domain: {"adapter.tflite": shared / name / "adapter.tflite"} for domain, name in DOMAINS.items()
    }
    publish_shared(tmp_path, {"base": files, **adapters})
    return tmp_path


def invoke(*arguments: object, asked: str = "") -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], input=asked)


def shown(said: str) -> str:
    return "".join(letter for letter in said if letter.isprintable() and not letter.isspace())


def test_the_base_is_there_once_and_each_expert_is_its_adapter(home: Path, shared: Path) -> None:
    done = invoke("bundle", "latest", home / "system", "--form", "shared")
    assert done.exit_code == 0, done.output
    manifest = json.loads((home / "system/manifest.json").read_text())
    assert manifest["form"] == "shared"
    assert [expert["file"] for expert in manifest["experts"]] == ["base.litertlm", "base.litertlm"]
    assert [expert["adapter"] for expert in manifest["experts"]] == [
        "adapters/anxiety.tflite",
        "adapters/ocd.tflite",
    ]
    assert (home / "system/base.litertlm").read_bytes() == (shared / "model.litertlm").read_bytes()
    assert not (home / "system/experts").exists()
    assert "**Never open one without**" in (home / "system/README.md").read_text()


def test_the_player_says_what_the_chat_says(home: Path) -> None:
    assert invoke("bundle", "latest", home / "system", "--form", "shared").exit_code == 0
    of_chat = invoke(
        "chat", "--bundle", home / "system.zip", "--max-new-tokens", 256, asked="\n".join(QUESTIONS)
    )
    assert "[anxiety 95%]" in of_chat.stdout
    command = [sys.executable, "-I", home / "system/play.py", *QUESTIONS]
    alone = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown(alone) == shown(of_chat.stdout).replace("95%", "")


def test_an_adapter_that_changes_nothing_is_caught(home: Path, shared: Path) -> None:
    publish_shared(home, {"ocd": {"adapter.tflite": shared / "no_adapter.tflite"}})
    done = invoke("bundle", "latest", home / "out", "--form", "shared")
    assert done.exit_code == 2
    assert "adapters/ocd.tflite: the runtime says with it what the base says without" in done.stderr
    assert not (home / "out").exists()


def test_a_run_in_the_shared_form_alone_is_asked_and_shipped_as_well(home: Path, shared: Path) -> None:
    adapters = {
        domain: {"adapter.tflite": shared / name / "adapter.tflite"} for domain, name in DOMAINS.items()
    }
    publish_shared(home, adapters, "edge")
    refused = invoke("bundle", "latest", home / "merged")
    assert refused.exit_code == 2
    assert "edge/anxiety is an adapter; use `--form shared`" in refused.stderr
    assert invoke("bundle", "latest", home / "system", "--form", "shared").exit_code == 0
    asked = "\n".join(QUESTIONS)
    of_run = invoke("chat", "--edge", asked=asked).stdout
    assert "[anxiety 95%]" in of_run
    assert of_run == invoke("chat", "--bundle", home / "system", asked=asked).stdout


def test_experts_on_one_base_answer_in_turns_as_each_does_alone(shared: Path) -> None:
    files = {
        domain: ExpertFiles(shared / "model.litertlm", shared / name / "adapter.tflite")
        for domain, name in DOMAINS.items()
    }
    asked = [(domain, question) for question in QUESTIONS for domain in DOMAINS]
    alone = []
    for pair in asked:
        experts = Experts(BundleExperts(files, None, 48))
        alone.append("".join(experts.answer(*pair)))
        experts.close()
    assert alone[0] != alone[1]
    together = Experts(BundleExperts(files, None, 48))
    turns = list(zip_longest(*(together.answer(*pair) for pair in asked), fillvalue=""))
    assert ["".join(pieces) for pieces in zip(*turns, strict=True)] == alone
