"""Keep the store small."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.session import app, session
from flows.report.words import size as size_in_words
from tasks.kernel.errors import ConfigError

if TYPE_CHECKING:
    from tasks.kernel.settings import Settings

Row = tuple[str, int]


@app.command()
def gc(
    *,
    keep_days: Annotated[float, typer.Option(min=0, help="Keep what runs of so many days use.")] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be freed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="Free the shared store of POCKETMOE_STORE_URL as well.")
    ] = False,
) -> None:
    """Remove what no recent run, registered model or running process uses; shows it and asks."""
    with session() as settings:
        from tasks.kernel.execution.locks import exclusive

        console = Console(emoji=False)
        with exclusive(settings.locks, "gc", lambda: console.print("another gc is at it; waiting")):
            _collect(settings, keep_days, console, dry_run=dry_run, yes=yes, remote=remote)


def _collect(
    settings: "Settings", keep_days: float, console: Console, *, dry_run: bool, yes: bool, remote: bool
) -> None:
    from flows.store.gc import find_garbage, remove
    from flows.store.remote_gc import RemoteGarbage, find_remote_garbage, refuse_few_days, remove_remote
    from tasks.kernel.storage.remote import Remote

    if remote:
        refuse_few_days(keep_days)
        if not settings.store_url:
            raise ConfigError("--remote: there is no shared store; set POCKETMOE_STORE_URL")
    found = find_garbage(settings, keep_days, _registered(settings))
    shared = find_remote_garbage(Remote(settings.store_url), found) if remote else RemoteGarbage({}, {})
    rows: list[Row] = [(leftover.kind, leftover.bytes) for leftover in found.leftovers]
    rows += [("shared cache record", file.bytes) for file in shared.records.values()]
    rows += [
        (f"shared {name.partition('/')[0]}", sum(file.bytes for file in files))
        for name, files in shared.artifacts.items()
    ]
    console.print(_table(rows) if rows else "nothing to free")
    if not rows or dry_run or not (yes or typer.confirm("Remove these?")):
        return
    gone = remove(found)
    if remote:
        remove_remote(Remote(settings.store_url), shared)
    freed = sum(leftover.bytes for leftover in gone)
    freed += sum(size for kind, size in rows if kind.startswith("shared "))
    console.print(f"freed {size_in_words(freed)}")


def _registered(settings: "Settings") -> set[str]:
    """Return what registered models use; where there is no tracking database yet, that is nothing."""
    from tasks.kernel.tracking.registry import registered_digests
    from tasks.kernel.tracking.tracker import tracking_uri

    database = tracking_uri(settings.home).partition("sqlite:///")[2]
    return set() if database and not Path(database).exists() else registered_digests(settings.home)


def _table(rows: Iterable[Row]) -> Table:
    """Return kind, count and bytes, and their sums."""
    kinds: dict[str, list[int]] = {}
    for kind, size in rows:
        kinds.setdefault(kind, []).append(size)
    table = Table("kind", "count", "bytes", show_footer=True)
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, sizes in sorted(kinds.items()):
        table.add_row(kind, str(len(sizes)), size_in_words(sum(sizes)))
    footers = ("all", str(sum(map(len, kinds.values()))), size_in_words(sum(map(sum, kinds.values()))))
    for column, footer in zip(table.columns, footers, strict=True):
        column.footer = footer
    return table
