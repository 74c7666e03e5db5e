"""Export parts of a finished run to where they are used."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.session import app, session, warn
from flows.report.words import size as size_in_words

Form = Literal["merged", "shared"]


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


@app.command("bundle")
def bundle(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's folder or name; `latest` is the newest.")
    ],
    out: Annotated[Path, typer.Argument(help="A new folder; a zip of it is written beside it.")],
    *,
    form: Annotated[
        Form, typer.Option(help="Bundles of their own, or one base with adapters where there are any.")
    ] = "merged",
) -> None:
    """Write all that an app needs from RUN to OUT: experts, router, manifest, README, reference player."""
    with session() as settings:
        from flows.runs.folders import find_run
        from serving.runs import open_run
        from serving.system_bundle.write import write_system

        known = [folder for folder in (Path(run), settings.runs / run) if folder.is_dir()]
        done = write_system(open_run(known[0] if known else find_run(settings, run), settings), out, form)
    console = Console(emoji=False)
    files = Table("file", "size", "what it is")
    for file in done.manifest.files:
        files.add_row(file.path, size_in_words(file.bytes), file.what)
    console.print(files)
    console.print(
        f"{done.folder}, and {done.archive.name} with {size_in_words(done.archive.stat().st_size)}",
        soft_wrap=True,
    )
    if done.manifest.base_model.licence is None:
        warn(f"{done.manifest.base_model.name}: it names no licence; ask its publisher before you ship this")
