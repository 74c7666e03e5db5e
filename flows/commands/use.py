"""Use the artifacts of a finished run."""

from typing import Annotated

import typer
from rich.console import Console

from flows.commands.session import RunFolder, app, session


@app.command()
def route(
    questions: Annotated[typer.FileText, typer.Argument(help="JSON lines; - is standard input.")] = "-",  # type: ignore[assignment]  # Typer opens it
    *,
    folder: RunFolder = None,
    field: Annotated[str, typer.Option(help="The field that holds the question.")] = "question",
) -> None:
    """Add domain and probabilities to each line of QUESTIONS."""
    with session() as settings:
        from serving.route import route_lines
        from serving.runs import open_run
        from tasks.router import load_router

        router = load_router(open_run(folder, settings).part("router"))
        for line in route_lines(questions, router, field=field, source=questions.name):
            typer.echo(line)


@app.command()
def chat(
    *,
    folder: RunFolder = None,
    edge: Annotated[bool, typer.Option("--edge", help="Use the INT4 bundles, as on the phone.")] = False,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer.")] = 128,
) -> None:
    """Talk to the experts of a finished run; shows who answers and how sure the router is."""
    with session() as settings:
        from serving.chat import chat as converse
        from serving.chat import questions_of
        from serving.runs import open_run

        console = Console(highlight=False, emoji=False)
        run = open_run(folder, settings)
        converse(run, questions_of(console), console, edge=edge, max_new_tokens=max_new_tokens)
