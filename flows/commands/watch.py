"""Watch runs, and examine the machine."""

import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.commands.session import app, session


@app.command()
def up() -> None:
    """Serve the Prefect and MLflow dashboards on loopback until Ctrl-C."""
    with session(writes=True) as settings:
        from flows.server.dashboards import serve_dashboards

        serve_dashboards(settings, Console(emoji=False))


@app.command()
def doctor() -> None:
    """Examine this machine: versions, environments, disk, memory, device, servers, ports."""
    with session() as settings:
        from flows.server.doctor import examine

        checks = examine(settings)
    table = Table("check", "", "found", "what to do")
    for check in checks:
        mark = "[green]ok[/green]" if check.ok else "[red]no[/red]"
        table.add_row(check.name, mark, escape(check.found), escape(check.advice))
    Console(emoji=False).print(table)
    sys.exit(0 if all(check.ok for check in checks) else 2)
