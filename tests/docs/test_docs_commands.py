"""Every command that README and the guides show is one that the programs understand."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs_commands import SERVERS, check, options
from docs_pages import Code, blocks, pages, spans

PROGRAMS = (
    "pocketmoe ",
    "make ",
    "docker compose ",
    "kubectl ",
    "ray up ",
    "cp ",
    "pip install ",
    "python -m ",
)
OF_OTHERS = {"--nthreads", "--num-cpus"}.union(*SERVERS.values())
"""Options of Dask and Ray, and of the servers of teachers."""


def commands() -> list[Code]:
    found = []
    for page, text in pages().items():
        for block in blocks(page, text, "sh"):
            name, _, first = block.place.rpartition(":")
            lines = enumerate(block.text.splitlines(), int(first))
            found += [Code(f"{name}:{number}", line) for number, line in lines if line.strip()]
        found += [named(span) for span in spans(page, text) if span.text.startswith(PROGRAMS)]
    return found


def named(span: Code) -> Code:
    """Return a line that names a command without arguments as one that asks for its help."""
    return (
        Code(span.place, f"{span.text} --help") if re.fullmatch(r"pocketmoe [a-z][\w-]*", span.text) else span
    )


@pytest.fixture
def _no_input(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield


@pytest.mark.usefixtures("_no_input")
def test_every_command_is_understood(tmp_path: Path) -> None:
    wrong = []
    for command in commands():
        try:
            check(command.text, tmp_path)
        except Exception as error:  # noqa: BLE001  # each wrong command is told, whatever is wrong with it
            wrong.append(f"{command.place}: {command.text}: {error}")
    assert not wrong, "\n".join(wrong)


def test_commands_are_found_in_blocks_and_in_lines() -> None:
    found = {command.text.partition("  ")[0] for command in commands()}
    assert {"make demo", "pocketmoe run configs/demo.yaml", "kubectl apply -k deploy/kubernetes"} <= found
    assert len(found) > 60


def test_every_option_in_the_text_is_one_of_a_command() -> None:
    known = options() | OF_OTHERS
    shown = [span for page, text in pages().items() for span in spans(page, text) if span.text[:2] == "--"]
    assert shown
    assert [span for span in shown if span.text.split()[0] not in known] == []


@pytest.mark.usefixtures("_no_input")
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("pocketmoe run --colour configs/demo.yaml", "No such option"),
        ("pocketmoe run", "Missing argument"),
        ("pocketmoe fly", "no such command"),
        ("pocketmoe run configs/none.yaml", "no such file"),
        ("pocketmoe gc --keep-days soon", "Invalid value"),
        ("pocketmoe rerun --from bake:anxiety", "no such stage"),
        ("pocketmoe rerun --from finetune:baking", "no domain"),
        ("pocketmoe review import", "Missing"),
        ("pocketmoe review", "which of its commands"),
        ("make nothing", "no such target"),
        ("python -m benchmarks.none", "no such module"),
        ("python -m benchmarks.routing --speed 3", "no option"),
        ("pip install 'pocketmoe[none]'", "no such extra"),
        ("docker compose exec baker pocketmoe setup", "no such service"),
        ("docker compose exec worker pocketmoe set-up", "no such command"),
        ("docker compose -f none.yml up", "no such file"),
        ("kubectl apply -k deploy/none", "no such file"),
        (".venv/bin/pytest tests/none", "no such file"),
        ("llama-server --slots 4", "nobody has looked up --slots"),
        ("terraform apply", "no rule"),
    ],
)
def test_a_wrong_command_is_told(command: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=message):
        check(command, tmp_path)
