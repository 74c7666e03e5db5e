"""Export parts of a finished run to where they are used."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.session import app, session
from flows.report.words import size as size_in_words


@app.command("export-router")
def export_router(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    *,
    folder: Annotated[
        Path | None, typer.Option("--folder", "--run", help="A run's folder; none: the newest.")
    ] = None,
) -> None:
    """Write a run's router to OUT in forms that a phone can run, checked on a thousand questions."""
    with session() as settings:
        from serving.runs import open_run
        from tasks.router_runtime.phone import export
        from tasks.router_runtime.phone.parity import own_questions
        from tasks.router_runtime.router_files import load_router

        source = open_run(folder, settings).part("router")
        done = export.export_router(load_router(source), out, own_questions(source))
    console = Console(emoji=False)
    files = Table("file", "size")
    for name, size in done.bytes.items():
        files.add_row(name, size_in_words(size))
    console.print(files)
    for parity in done.parities:
        console.print(
            f"{parity.form}: the same domain for all {parity.questions} questions, probabilities"
            f" at most {parity.probability:.1e} apart"
        )
