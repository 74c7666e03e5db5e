"""Build, and say beforehand what would be built."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.session import ConfigFiles, app, session
from flows.server import prefect_api


@app.command()
def run(configs: ConfigFiles) -> None:
    """Build everything that CONFIGS describe and that is not built yet, and report on it."""
    with session() as settings:
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
    with session() as settings:
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
