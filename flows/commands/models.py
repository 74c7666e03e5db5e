"""Say which models are registered, and which of their versions is champion."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.commands.session import RunFolder, app, session

if TYPE_CHECKING:
    from flows.champions.promotion import Proposal

Names = Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Force = Annotated[bool, typer.Option("--force", help="Promote what the gate refuses, and note that.")]


@app.command()
def models() -> None:
    """List every registered model's versions, newest first, and the champion."""
    with session() as settings:
        from tasks.kernel.tracking.registry import Registry

        table = Table("model", "version", "champion", "gate", "run", "digest")
        for version in Registry(settings.home).versions():
            table.add_row(
                version.model,
                str(version.number),
                "champion" if version.champion else "",
                version.tags.get("gate"),
                version.tags.get("run"),
                version.digest[:12],
            )
        Console(emoji=False).print(table)


@app.command()
def promote(names: Names = None, *, folder: RunFolder = None, force: Force = False, yes: Yes = False) -> None:
    """Make a run's models champions, all or those named, if the gate lets them pass."""
    with session() as settings:
        from flows.champions.candidates import gate_of
        from flows.champions.promotion import promote as move
        from flows.champions.promotion import proposals
        from serving.runs import open_run
        from tasks.kernel.tracking.registry import Registry

        run, registry = open_run(folder, settings), Registry(settings.home)
        found = proposals(run, gate_of(run), registry, names or [])
        console = Console(emoji=False)
        console.print(verdicts(found) if found else "nothing to promote: these versions are champions")
        if not force and not all(proposal.passed for proposal in found):
            console.print("refused: no champion was moved; --force promotes all the same")
            sys.exit(1)
        if found:
            yes or typer.confirm("Move these champions?", abort=True)
            move(found, registry)


@app.command()
def rollback(names: Names = None, *, yes: Yes = False) -> None:
    """Make the champions before the present ones champions again: MODELs, or the system and all its parts."""
    with session() as settings:
        from flows.champions.promotion import restore
        from flows.champions.promotion import rollback as planned
        from tasks.kernel.tracking.registry import Registry

        registry = Registry(settings.home)
        moves = planned(registry, names or [])
        table = Table("model", "champion", "back to")
        for move in moves:
            table.add_row(move.to.model, str(move.champion.number), str(move.to.number))
        Console(emoji=False).print(table)
        yes or typer.confirm("Move these champions back?", abort=True)
        restore(moves, registry)


def verdicts(found: "Sequence[Proposal]") -> Table:
    """Return each criterion of each proposed version in a table."""
    table = Table("model", "criterion", "champion", "candidate", "", "")
    for proposal in found:
        version = f"{proposal.version.model} {proposal.version.number}"
        for check in proposal.checks:
            mark = "[green]passed[/green]" if check.passed else "[red]refused[/red]"
            table.add_row(
                version, check.criterion, check.champion, check.candidate, mark, escape(check.reason)
            )
            version = ""
    return table
