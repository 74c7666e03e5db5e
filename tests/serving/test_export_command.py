"""The export command: a run's router becomes files for a phone, tested on the run's own questions too."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from published_router import publish_run
from typer.testing import CliRunner, Result

from flows.cli import app
from tasks.router_runtime.phone.parity import own_questions


@pytest.fixture
def latest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    run = publish_run(tmp_path, '{"question": "Which rituals?", "domain": "ocd"}\n')
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path))
    return run


def export(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export-router", *map(str, arguments)])


def test_a_runs_router_is_exported_and_its_reader_runs_alone(latest, tmp_path) -> None:
    done = export("--folder", latest, tmp_path / "phone")
    assert done.exit_code == 0, done.output
    assert done.output.count("the same domain for all 1000 questions") == 2
    names = ["README.md", "read_router.py", "router.json", "router.onnx"]
    assert sorted(path.name for path in (tmp_path / "phone").iterdir()) == names
    command = [sys.executable, "-I", tmp_path / "phone/read_router.py", tmp_path / "phone", "Why panic?"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert said["outcome"] == "expert"
    assert said["experts"] == [["anxiety", pytest.approx(1 / (1 + np.exp(-3)))]]


@pytest.mark.usefixtures("latest")
def test_a_folder_that_exists_is_left_alone(tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    done = export(tmp_path / "mine")
    assert done.exit_code == 2
    assert "exists already; name a new folder" in done.output
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_router_without_test_questions_has_none_of_its_own(tmp_path) -> None:
    assert own_questions(tmp_path) == []


def test_the_runs_own_questions_are_those_that_its_router_was_tested_on(latest) -> None:
    (router,) = [path.parent for path in latest.parents[1].rglob("predictions.jsonl")]
    assert own_questions(router) == ["Which rituals?"]
