"""Check a shell command of the documentation without running it.

In: a line as it is printed. Out: nothing, or an AssertionError or the parser's own error. What cannot be
checked is an error, too: a new program on a page wants a rule here.
"""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import typer
import typer.main
import yaml
from docs_pages import PROJECT

from flows.cli import app
from flows.config import Config

_ASSIGNMENT = re.compile(r"[A-Z][A-Z0-9_]*=.*")
_TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
_STAGE_OPTIONS = {"--from", "--only"}
SERVERS = {
    "vllm": {"--host", "--port", "--max-model-len", "--generation-config", "--api-key"},
    "ollama": set[str](),
    "llama-server": {"-hf", "--alias", "--host", "--port", "--parallel", "--ctx-size", "--api-key"},
}
"""Servers of teachers, which need not be installed, and those of their options that were looked up."""


def check(line: str, scratch: Path) -> None:
    """Check one command line; `scratch` is where files that a parser opens are made."""
    words = shlex.split(line, comments=True)
    if "<" in words:
        words = words[: words.index("<")]
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    match words:
        case []:
            return
        case [("pocketmoe" | ".venv/bin/pocketmoe"), *arguments]:
            _check_pocketmoe(arguments, scratch)
        case ["docker", "compose", *arguments]:
            _check_compose(arguments, scratch)
        case _:
            _check_other(words)


def options() -> set[str]:
    """Return every option of every command."""
    return {name for command in _commands(typer.main.get_command(app)) for name in _names(command)}


def _check_pocketmoe(arguments: Sequence[str], scratch: Path) -> None:
    """Parse the arguments as the program does; no command is called."""
    words = list(arguments)
    if words == ["--help"]:
        return
    command = _command(words)
    for word in words:
        if word.startswith("configs/"):
            _require(word)
        if word.endswith(".jsonl"):
            (scratch / word).touch()
    for option, value in pairwise(words):
        if option in _STAGE_OPTIONS:
            _check_stage(value)
    if words != ["--help"]:
        _parse(command, words, scratch)


def _command(words: list[str]) -> typer.core.TyperCommand:
    """Take the command's name off the front of `words`, and return the command."""
    command = typer.main.get_command(app)
    while inner := getattr(command, "commands", None):
        assert words, f"{command.name}: which of its commands?"
        name = words.pop(0)
        assert name in inner, f"{name}: no such command"
        command = inner[name]
    return command


def _parse(command: typer.core.TyperCommand, words: list[str], scratch: Path) -> None:
    before = Path.cwd()
    os.chdir(scratch)
    try:
        with command.make_context(command.name, words):
            pass
    except typer.BadParameter.__base__ as error:  # its own text leaves out which argument is missing
        raise AssertionError(error.format_message()) from error
    finally:
        os.chdir(before)


def _check_other(words: Sequence[str]) -> None:
    match words:
        case ["make", *arguments]:
            _check_make(arguments)
        case ["python", "-m", module, *arguments]:
            _check_module(module, arguments)
        case ["pip", "install", requirement]:
            _check_requirement(requirement)
        case ["kubectl", ("apply" | "create"), ("-k" | "-f"), path] | ["ray", "up", path] | ["cp", path, _]:
            _require(path)
        case [program, *arguments] if program in SERVERS:
            unknown = {word for word in arguments if word.startswith("-")} - SERVERS[program]
            assert not unknown, f"{program}: nobody has looked up {', '.join(sorted(unknown))}"
        case ["litert-lm", command, _, *arguments]:
            _check_runtime(command, arguments)
        case [program, *arguments] if program.startswith(".venv/bin/"):
            _check_tool(Path(program).name, arguments)
        case _:
            raise AssertionError(f"{shlex.join(words)}: no rule checks this program")


def _check_stage(label: str) -> None:
    stage, _, domain = label.partition(":")
    demo = yaml.safe_load((PROJECT / "configs" / "demo.yaml").read_text(encoding="utf-8"))
    assert stage in Config.model_fields, f"{stage}: no such stage"
    assert not domain or domain in demo["domains"], f"{domain}: no domain of the demo"


def _check_make(arguments: Sequence[str]) -> None:
    targets = _TARGET.findall((PROJECT / "Makefile").read_text(encoding="utf-8"))
    wanted = [word for word in arguments if "=" not in word]
    assert wanted, "make: no target"
    assert set(wanted) <= set(targets), f"make {' '.join(wanted)}: no such target in the Makefile"


def _check_module(module: str, arguments: Sequence[str]) -> None:
    file = PROJECT.joinpath(*module.split(".")).with_suffix(".py")
    assert file.is_file(), f"{module}: no such module"
    text = file.read_text(encoding="utf-8")
    for option in arguments:
        assert not option.startswith("-") or f'"{option}"' in text, f"{module}: no option {option}"


def _check_runtime(command: str, arguments: Sequence[str]) -> None:
    """Find command and options in LiteRT-LM's own help; the file is the reader's."""
    program = Path(sys.executable).parent / "litert-lm"
    told = subprocess.run([program, command, "--help"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, f"litert-lm {command}: no such command"
    for option in arguments:
        assert not option.startswith("-") or f"{option} " in told.stdout, f"litert-lm {command}: no {option}"


def _check_tool(tool: str, arguments: Sequence[str]) -> None:
    assert (Path(sys.executable).parent / tool).is_file(), f"{tool}: not installed"
    for path in arguments:
        if "/" in path:
            _require(path)


def _check_requirement(requirement: str) -> None:
    found = re.fullmatch(r"pocketmoe\[(\w+)\]", requirement)
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert found, f"{requirement}: not this project"
    assert found[1] in project["optional-dependencies"], f"{requirement}: no such extra"


def _check_compose(arguments: Sequence[str], scratch: Path) -> None:
    for flag, path in pairwise(arguments):
        if flag == "-f":
            _require(path)
    if arguments[0] == "exec":
        services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
        assert arguments[1] in services, f"{arguments[1]}: no such service"
        check(shlex.join(arguments[2:]), scratch)


def _require(path: str) -> None:
    assert (PROJECT / path).exists(), f"{path}: no such file or folder"


def _commands(command: typer.core.TyperCommand | typer.core.TyperGroup) -> list[typer.core.TyperCommand]:
    inner = getattr(command, "commands", {}).values()
    return [command, *(found for one in inner for found in _commands(one))]


def _names(command: typer.core.TyperCommand) -> list[str]:
    return [name for one in command.params for name in (*one.opts, *one.secondary_opts)]
