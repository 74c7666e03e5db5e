"""Build, build again, go on where a run stopped, and say beforehand what would be built."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.session import ConfigFiles, app, session, warn
from tasks.kernel.errors import ConfigError
from tasks.kernel.imports import importing

if TYPE_CHECKING:
    from flows.plan import Row
    from flows.runs.selection import Rebuild
    from tasks.kernel.settings import Settings

From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="STAGE[:DOMAIN]", help="Build this again and all that depends on it."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="STAGE[:DOMAIN]", help="Build this again and nothing else."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, or Prefect's id of it.")]


@app.command()
def run(configs: ConfigFiles) -> None:
    """Build everything that CONFIGS describe and that is not built yet, and report on it."""
    with session(writes=True) as settings:
        _run(configs, None, settings)


@app.command()
def rerun(
    configs: Annotated[
        list[Path] | None,
        typer.Argument(help="YAML files, merged left to right; none: those of the newest run."),
    ] = None,
    *,
    begin: From = None,
    only: Only = None,
    yes: Yes = False,
) -> None:
    """Build chosen stages again, although they are built; shows its plan and asks."""
    with session(writes=True) as settings:
        from flows.runs.folders import find_run
        from flows.runs.selection import Rebuild

        if bool(begin) == bool(only):
            raise ConfigError("give either --from or --only, such as `--from finetune:anxiety`")
        rebuild = Rebuild(stages=tuple(begin or only or ()), only=bool(only))
        _agreed(configs or [find_run(settings, "latest") / "config.json"], rebuild, settings, yes=yes)


@app.command()
def retry(name: RunName, *, yes: Yes = False) -> None:
    """Go on where RUN stopped, with its own parameters; shows its plan and asks."""
    with session(writes=True) as settings:
        from flows.runs.folders import find_run, reopen

        this_run = reopen(find_run(settings, name))
        _agreed([this_run.folder / "config.json"], this_run.file.rebuild, settings, yes=yes)


@app.command()
def plan(
    configs: ConfigFiles,
    *,
    begin: From = None,
    only: Only = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Say for each stage and domain whether a run would build it, and why."""
    with session(writes=True) as settings:
        with importing():
            from flows.config import load_config
            from flows.plan import plan as planned
            from flows.runs.room import shortage
            from flows.runs.selection import Rebuild

        rebuild = Rebuild(stages=tuple(begin or only or ()), only=bool(only))
        config = load_config(configs)
        rows = planned(config, settings, rebuild)
        if lacking := shortage(config, rows, settings):
            warn(lacking)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=1))
        return
    _show(rows)


def _agreed(configs: Sequence[Path], rebuild: "Rebuild", settings: "Settings", *, yes: bool) -> None:
    """Show the plan and run it when the user agrees."""
    from flows.config import load_config
    from flows.plan import plan as planned

    _show(planned(load_config(configs), settings, rebuild))
    if yes or typer.confirm("go on?"):
        _run(configs, rebuild, settings)


def _run(configs: Sequence[Path], rebuild: "Rebuild | None", settings: "Settings") -> None:
    with importing():
        from flows.config import load_config
        from flows.pipeline import pipeline, refuse
        from flows.report.closing import closing_words
        from flows.runs.interrupt import ends_on_interrupt
        from flows.runs.live_progress import shown_progress
        from flows.runs.room import refuse_shortage
        from flows.runs.selection import Rebuild
        from flows.server.local import prefect_api
    config = load_config(configs)
    refuse(config)
    refuse_shortage(config, settings, rebuild)
    with ends_on_interrupt(), prefect_api(settings), shown_progress(Console(stderr=True, emoji=False)):
        folder = pipeline(list(configs), rebuild or Rebuild())
    Console(emoji=False).print(closing_words(folder))


def _show(rows: "Sequence[Row]") -> None:
    table = Table("stage", "domain", "status", "reason")
    for row in rows:
        table.add_row(row.stage, row.domain, row.status, row.reason)
    console = Console(emoji=False)
    console.print(table)
    for warning in dict.fromkeys(warning for row in rows for warning in row.warnings):
        console.print(f"warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if drift := sorted({clause for row in rows for clause in row.drift}):
        warned = sum(bool(row.drift) for row in rows)
        console.print(
            f"warning: {warned} of these were built with other versions: {'; '.join(drift)}",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
