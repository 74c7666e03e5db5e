"""The command line: thin commands over the flow, the plan and the artifacts of finished runs.

In: arguments. Out: tables and JSON on standard output, progress and errors on standard error,
exit code 2 where the user can mend what went wrong. Imports that take seconds wait until a
command needs them and the environment of Prefect is prepared.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.server import prefect_api, prepare_environment
from tasks.errors import PipelineError, StageError
from tasks.settings import Settings

app = typer.Typer(
    help="From a library of PDFs to a mixture of pocket-size experts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigFiles = Annotated[list[Path], typer.Argument(help="YAML files, merged left to right.")]
RunFolder = Annotated[Path | None, typer.Option("--run", help="A run's folder; none: the newest.")]


@app.command()
def run(configs: ConfigFiles) -> None:
    """Build everything that CONFIGS describe and that is not built yet, and report on it."""
    with _session() as settings:
        from flows.closing import closing_words
        from flows.config import load_config
        from flows.interrupt import ends_on_interrupt
        from flows.pipeline import pipeline, refuse
        from flows.progress import shown_progress

        config = load_config(configs)
        refuse(config)
        with ends_on_interrupt(), prefect_api(settings), shown_progress(Console(stderr=True, emoji=False)):
            folder = pipeline(config)
        Console(emoji=False).print(closing_words(folder))


@app.command()
def plan(
    configs: ConfigFiles,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Say for each stage and domain whether a run would build it, and why."""
    with _session() as settings:
        from flows.config import load_config
        from flows.plan import plan as planned

        rows = planned(load_config(configs), settings)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=1))
        return
    table = Table("stage", "domain", "status", "reason")
    for row in rows:
        table.add_row(row.stage, row.domain, row.status, row.reason)
    Console(emoji=False).print(table)


@app.command()
def route(
    questions: Annotated[typer.FileText, typer.Argument(help="JSON lines; - is standard input.")] = "-",  # type: ignore[assignment]  # Typer opens it
    *,
    folder: RunFolder = None,
    field: Annotated[str, typer.Option(help="The field that holds the question.")] = "question",
) -> None:
    """Add domain and probabilities to each line of QUESTIONS."""
    with _session() as settings:
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
    with _session() as settings:
        from serving.chat import chat as converse
        from serving.chat import questions_of
        from serving.runs import open_run

        console = Console(highlight=False, emoji=False)
        run = open_run(folder, settings)
        converse(run, questions_of(console), console, edge=edge, max_new_tokens=max_new_tokens)


@app.command()
def up() -> None:
    """Serve the Prefect and MLflow dashboards on loopback until Ctrl-C."""
    with _session() as settings:
        from flows.dashboards import serve_dashboards

        serve_dashboards(settings, Console(emoji=False))


@app.command()
def doctor() -> None:
    """Examine this machine: versions, environments, disk, memory, device, servers, ports."""
    with _session() as settings:
        from flows.doctor import examine

        checks = examine(settings)
    table = Table("check", "", "found", "what to do")
    for check in checks:
        mark = "[green]ok[/green]" if check.ok else "[red]no[/red]"
        table.add_row(check.name, mark, escape(check.found), escape(check.advice))
    Console(emoji=False).print(table)
    sys.exit(0 if all(check.ok for check in checks) else 2)


@contextmanager
def _session() -> Iterator[Settings]:
    """Prepare the environment, and turn the pipeline's errors into one message and an exit code."""
    try:
        settings = Settings.read()
        prepare_environment(settings)
        yield settings
    except PipelineError as error:
        Console(stderr=True, emoji=False).print(
            f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        sys.exit(1 if isinstance(error, StageError) else 2)


if __name__ == "__main__":
    app()
