"""The route command: people get a card, machines get JSON, and what cannot be asked is refused."""

import json
from pathlib import Path

import pytest
from published_router import publish_run
from typer.testing import CliRunner, Result

from flows.cli import app
from tasks.router_runtime.policy import Policy


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    publish_run(tmp_path, policy=Policy(min_confidence=0.6))
    monkeypatch.setenv("POCKETMOE_ARTIFACTS", str(tmp_path))
    return tmp_path


def route(*arguments: str, lines: str = "") -> Result:
    return CliRunner().invoke(app, ["route", *arguments], input=lines)


@pytest.mark.usefixtures("home")
def test_a_question_is_shown_with_the_words_that_decided() -> None:
    shown = route("--explain", "--question", "Why rituals?", "--question", "[red]What[/red] now?").stdout
    first, second = shown.split("[generalist: ")
    assert first.startswith("[ocd 95%]\nconfidence 95.3% (needed 60.0%), in scope 100.0% (no threshold)\n")
    assert [line.split() for line in first.splitlines() if "Rituals" in line or "rituals" in line] == [
        ["rituals", "+45.3", "50.0%", "█" * 20]
    ]
    assert second.startswith("unsure, anxiety 50%]")


@pytest.mark.usefixtures("home")
def test_a_question_gives_json_on_request() -> None:
    [line] = route("--question", "rituals", "--json", "--explain").stdout.splitlines()
    found = json.loads(line)
    assert (found["question"], found["domain"], found["outcome"]) == ("rituals", "ocd", "expert")
    assert found["explanation"]["words"][0]["word"] == "rituals"


@pytest.mark.usefixtures("home")
def test_lines_of_standard_input_come_back_as_json() -> None:
    shown = route(lines='{"question": "panic", "id": 3}\n').stdout
    assert json.loads(shown)["id"] == 3
    assert json.loads(shown)["domain"] == "anxiety"


@pytest.mark.usefixtures("home")
def test_an_empty_question_is_refused() -> None:
    result = route("--question", " ")
    assert result.exit_code == 2
    assert "--question: it is empty" in result.stderr


def test_a_file_and_a_question_at_once_are_refused(home: Path) -> None:
    (home / "questions.jsonl").write_text('{"question": "panic"}\n')
    result = route(str(home / "questions.jsonl"), "--question", "panic")
    assert result.exit_code == 2
    assert "give one of them" in result.stderr


@pytest.mark.usefixtures("home")
def test_bytes_that_are_no_text_are_marked_and_routed() -> None:
    odd = "rituals \udcff"
    assert "[ocd 95%]" in route("--question", odd, "--explain").stdout
    assert json.loads(route("--question", odd, "--json").stdout)["question"] == "rituals ?"
