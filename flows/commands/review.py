"""Let people review a domain's pairs in a spreadsheet or an editor."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from flows.commands.session import RunFolder, app, session
from tasks.kernel.errors import ConfigError

if TYPE_CHECKING:
    from flows.runs.pairs_to_review import Reviewed

review = typer.Typer(help="Export pairs for people to review, and check what they decided.")
app.add_typer(review, name="review")

DomainName = Annotated[str, typer.Option("--domain", help="The domain whose pairs are reviewed.")]


@review.command()
def export(
    *,
    domain: DomainName,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    folder: RunFolder = None,
    form: Annotated[
        Literal["csv", "jsonl"] | None, typer.Option("--format", help="None: as the file's name ends.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="So many pairs; none: all.")] = None,
    rejected: Annotated[bool, typer.Option("--rejected", help="Pairs that a check refused, too.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Mark CSV as UTF-8 for Excel.")] = False,
) -> None:
    """Write one row a pair, with room for a decision; decisions made so far are in it."""
    with session() as settings:
        from flows.runs.pairs_to_review import open_domain, rows_to_review
        from serving.runs import open_run
        from tasks.records.review import write_review

        if form and out.suffix != f".{form}":
            raise ConfigError(f"--out {out}: let its name end in .{form}, which tells the format")
        pairs = open_domain(open_run(folder, settings), domain)
        if out.exists():
            raise ConfigError(f"--out {out}: is there already and may hold decisions; name another file")
        rows = rows_to_review(pairs, pairs.decisions(), sample, rejected=rejected)
        count = write_review(out, rows, bom=bom)
    _say(
        f"{count} pairs in {out}: write accept, edit or reject into `decision`, new wording into"
        f" `edited_question` and `edited_answer`; then `pocketmoe review import {out} --domain {domain}`"
    )


@review.command(name="import")
def check(
    file: Annotated[Path, typer.Argument(help="The reviewed file.")],
    *,
    domain: DomainName,
    folder: RunFolder = None,
) -> None:
    """Check every decision in FILE and say what it does; the config names the file that a run applies."""
    with session() as settings:
        from flows.runs.pairs_to_review import check_decisions, open_domain
        from serving.runs import open_run

        pairs = open_domain(open_run(folder, settings), domain)
        effects = check_decisions(file, pairs)
    _say(_told(effects))
    _say(_next_step(file, pairs))


def _told(effects: Counter[str]) -> str:
    lines = [f"{count:6d}  {effect}" for effect, count in sorted(effects.items())]
    return "\n".join(lines) if lines else "no decisions yet"


def _next_step(file: Path, pairs: "Reviewed") -> str:
    if pairs.review is not None and pairs.review.resolve() == file.resolve():
        return "the config names this file: run again to apply it"
    return f"to apply it, write `review: {file}` below `domains.{pairs.domain}` in the config and run again"


def _say(words: str) -> None:
    Console(emoji=False).print(words, markup=False, highlight=False, soft_wrap=True)
