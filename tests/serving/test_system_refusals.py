"""What a run lacks for a system bundle, and what is no bundle, is named with the remedy."""

import json
import zipfile
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

import pytest
from published_router import publish_run
from published_system import publish_shared, publish_system
from typer.testing import CliRunner, Result

from flows.cli import app
from serving.runs import open_run
from serving.system_bundle.parts import parts_of
from serving.system_bundle.read import open_system
from serving.system_bundle.read_me import write_card
from tasks.kernel.errors import DataError
from tasks.kernel.settings import Settings
from tasks.records.system import SystemManifest

MANIFEST = {
    "run": "one",
    "base_model": {"name": "tiny", "revision": "1", "licence": None, "licence_file": None},
    "experts": [
        {
            "domain": "ocd",
            "file": "experts/ocd.litertlm",
            "context_tokens": 8,
            "chat_template": "",
            "stop_tokens": [],
        }
    ],
    "router": None,
    "files": [],
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path))
    return tmp_path


def invoke(*arguments: object, asked: str = "") -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], input=asked)


def refused(home: Path) -> str:
    done = invoke("bundle", "latest", home / "out")
    assert done.exit_code == 2, done.output
    assert not (home / "out").exists()
    assert not (home / "out.zip").exists()
    return done.stderr


def test_a_run_without_bundles_is_refused(home: Path) -> None:
    publish_run(home)
    assert "this run has no edge; run `pocketmoe run` again to build it" in refused(home)


def test_a_domain_without_a_bundle_is_named(home: Path) -> None:
    publish_system(home, None)
    assert "model.litertlm: the run's edge/anxiety holds no such file" in refused(home)


def test_a_domain_of_the_router_without_an_expert_is_named(home: Path) -> None:
    bundle = home / "any.litertlm"
    bundle.write_bytes(b"LITERTLM")
    publish_system(home, bundle, ["anxiety"])
    assert "the router sends questions to ocd, but the run has no edge/ocd" in refused(home)


def test_a_run_without_a_shared_base_is_refused_for_the_shared_form(home: Path) -> None:
    publish_system(home, None)
    done = invoke("bundle", "latest", home / "out", "--form", "shared")
    assert done.exit_code == 2
    assert "this run has no edge-base; set `convert.form: both`" in done.stderr


def test_an_expert_whose_adapter_cannot_be_kept_apart_brings_its_own_bundle(home: Path) -> None:
    (home / "any").write_bytes(b"any")
    run = publish_system(home, home / "any")
    publish_shared(home, {"base": {"model.litertlm": home / "any", "no_adapter.tflite": home / "any"}})
    publish_shared(home, {"anxiety": {"adapter.tflite": home / "any"}})
    parts = parts_of(open_run(run, Settings(artifacts=home)), "shared")
    assert sorted(parts.files()) == [
        "adapters/anxiety.tflite",
        "base.litertlm",
        "experts/ocd.litertlm",
        "no_adapter.tflite",
    ]
    assert parts.experts["ocd"].adapter is None


def test_an_expert_that_no_question_reaches_is_named(home: Path) -> None:
    bundle = home / "any.litertlm"
    bundle.write_bytes(b"LITERTLM")
    publish_system(home, bundle, ["anxiety", "ocd", "tax"])
    assert "the run has edge/tax, but its router knows no tax" in refused(home)


def test_a_run_without_a_router_is_refused(home: Path) -> None:
    bundle = home / "any.litertlm"
    bundle.write_bytes(b"LITERTLM")
    run = publish_system(home, bundle)
    parts = json.loads((run / "artifacts.json").read_text())
    del parts["router"]
    (run / "artifacts.json").write_text(json.dumps(parts))
    assert "this run has no router; run `pocketmoe run` again to build it" in refused(home)


def test_a_file_that_is_no_bundle_is_named_and_nothing_is_left(home: Path) -> None:
    bundle = home / "any.litertlm"
    bundle.write_bytes(b"a text, not a model")
    publish_system(home, bundle)
    assert "anxiety.litertlm: no LiteRT-LM bundle" in refused(home)
    assert not list(home.glob(".out*"))


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_what_stands_there_already_is_left_alone(home: Path, name: str) -> None:
    publish_system(home, None)
    (home / name).write_text("mine")
    done = invoke("bundle", "latest", home / "out")
    assert done.exit_code == 2
    assert f"{name}: exists already; name a new folder" in done.stderr
    assert (home / name).read_text() == "mine"


def test_a_run_that_is_not_there_is_named(home: Path) -> None:
    assert "yesterday: no such run" in invoke("bundle", "yesterday", home / "out").stderr


def test_a_path_that_is_no_bundle_is_named(home: Path) -> None:
    (home / "text.zip").write_text("a text")
    with zipfile.ZipFile(home / "other.zip", "w") as packed:
        packed.writestr("a.txt", "a")
    said = {
        name: invoke("chat", "--bundle", home / name, asked="Why?").stderr
        for name in ("away", "text.zip", "other.zip")
    }
    assert "no such bundle; write one with `pocketmoe bundle`" in said["away"]
    assert "text.zip: no zip file, or a damaged one" in said["text.zip"]
    assert "other.zip: no manifest.json in it" in said["other.zip"]


def test_a_bundle_and_a_run_at_once_are_refused(home: Path) -> None:
    assert "leave out --edge and --run" in invoke("chat", "--edge", "--bundle", home).stderr


@pytest.mark.parametrize("path", ["../away.litertlm", "/etc/passwd", "a/../../b", "a\\..\\b"])
def test_a_manifest_that_points_out_of_its_folder_is_refused(home: Path, path: str) -> None:
    experts = [MANIFEST["experts"][0] | {"file": path}]  # type: ignore[index]
    (home / "manifest.json").write_text(json.dumps(MANIFEST | {"experts": experts}))
    with pytest.raises(DataError, match="is not inside the bundle"), open_system(home):
        pass


def test_one_expert_is_asked_everything(home: Path) -> None:
    (home / "manifest.json").write_text(json.dumps(MANIFEST))
    with open_system(home) as system:
        assert isinstance(system.manifest, SystemManifest)
        assert [decision.label for decision in system.router.decide(["Why?", "What?"])] == ["ocd", "ocd"]


def test_the_page_names_the_runtime_that_was_tried_and_what_a_neural_router_needs(home: Path) -> None:
    router = {"folder": "router", "reader": "router/read_parts.py"}
    manifest = SystemManifest.model_validate(MANIFEST | {"router": router})
    write_card(home, manifest, defaultdict(int))
    page = (home / "README.md").read_text()
    assert f"pip install litert-lm=={version('litert-lm')}" in page
    assert "needs `onnxruntime` and `tokenizers` besides" in page
    assert "names no licence: ask its publisher" in page
