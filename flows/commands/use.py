"""Use the artifacts of a finished run."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flows.commands.session import RunFolder, app, session
from tasks.kernel.errors import ConfigError

if TYPE_CHECKING:
    from tasks.router_runtime.router import Router

_STDIN = "<stdin>"


@app.command()
def route(
    questions: Annotated[typer.FileText, typer.Argument(help="JSON lines; - is standard input.")] = "-",  # type: ignore[assignment]  # Typer opens it
    *,
    folder: RunFolder = None,
    field: Annotated[str, typer.Option(help="The field that holds the question.")] = "question",
    asked: Annotated[
        list[str] | None, typer.Option("--question", help="A question, instead of a file; may come again.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add the words, stages and known questions behind a decision.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines for --question and on a terminal.")
    ] = False,
) -> None:
    """Say who answers each question and how sure the router is.

    A file's lines come back as JSON with more fields; --question and questions typed in are shown for people.
    """
    with session() as settings:
        from serving.route import question_lines, route_lines
        from serving.runs import open_run
        from tasks.router_runtime.router_files import load_router

        _check(questions, asked)
        typed = questions.isatty() and not asked
        router = load_router(open_run(folder, settings).part("router"))
        if not as_json and (asked or typed):
            _show_routes(router, asked, explained=explain)
            return
        lines = question_lines(asked, field) if asked else questions
        for line in route_lines(lines, router, field=field, source=questions.name, explained=explain):
            typer.echo(line)


@app.command()
def chat(
    *,
    folder: RunFolder = None,
    edge: Annotated[bool, typer.Option("--edge", help="Use the INT4 bundles, as on the phone.")] = False,
    bundle: Annotated[
        Path | None, typer.Option(help="A system bundle, folder or zip, instead of a run.")
    ] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer.")] = 128,
) -> None:
    """Talk to the experts of a finished run; shows who answers and how sure the router is."""
    with session() as settings:
        from serving.chat import chat as answer_all
        from serving.runs import open_run
        from serving.terminal import questions_of

        console = Console(highlight=False, emoji=False)
        if bundle:
            if edge or folder:
                raise ConfigError("--bundle: it holds bundles of its own; leave out --edge and --run")
            _chat_with(bundle, questions_of(console), console, max_new_tokens)
            return
        run = open_run(folder, settings)
        answer_all(run, questions_of(console), console, edge=edge, max_new_tokens=max_new_tokens)


def _chat_with(bundle: Path, questions: Iterable[str], console: Console, max_new_tokens: int) -> None:
    from serving.chat import converse
    from serving.experts import Experts
    from serving.system_bundle.read import open_system

    with open_system(bundle) as system:
        converse(system.router, Experts(system.experts(None, max_new_tokens)), questions, console)


def _check(questions: typer.FileText, asked: list[str] | None) -> None:
    if asked and questions.name != _STDIN:
        raise ConfigError(f"{questions.name} and --question: give one of them")
    if not all(question.strip() for question in asked or []):
        raise ConfigError("--question: it is empty; write a question")


def _show_routes(router: "Router", asked: list[str] | None, *, explained: bool) -> None:
    """Show where questions go; without `asked`, those that are typed in."""
    from serving.route import route_questions
    from serving.routing_card import show
    from serving.terminal import questions_of

    console = Console(highlight=False, emoji=False)
    for question in asked or questions_of(console):
        [routed] = route_questions(router, [question], explained=explained)
        show(routed, router.policy, console)
