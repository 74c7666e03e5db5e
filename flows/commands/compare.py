"""Compare ways to do the same thing on the same data."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.session import app, session

QuestionFile = Annotated[Path, typer.Option(help="JSON lines with `question` and `domain`.")]


@app.command("compare-routers")
def compare_routers(
    *,
    train: QuestionFile,
    test: QuestionFile,
    kinds: Annotated[str, typer.Option(help="Comma-separated.")] = "tfidf-reference,tfidf",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Train several kinds of router on one file and compare them on another."""
    with session():
        from tasks.route import compare

        chosen = [compare.linear_router(kind.strip()) for kind in kinds.split(",")]
        sides = compare.read_labelled(train), compare.read_labelled(test)
        rows = list(compare.compare_routers(*sides, chosen))
    if as_json:
        typer.echo(json.dumps([row.model_dump() for row in rows], indent=2))
        return
    table = Table("kind", "accuracy", "95 % interval", "macro F1", "ECE", "p95", "size", "training")
    for row in rows:
        table.add_row(
            row.kind,
            f"{row.accuracy:.1%}",
            f"{row.accuracy_low:.1%} to {row.accuracy_high:.1%}",
            f"{row.macro_f1:.3f}",
            f"{row.ece:.1%}",
            f"{row.p95_ms:.2f} ms",
            f"{row.file_bytes / 1e6:.1f} MB",
            f"{row.train_seconds:.1f} s",
        )
    console = Console(emoji=False)
    console.print(table)
    if repeated := rows[0].repeated_questions:
        console.print(
            f"{repeated} of {rows[0].questions} test questions are word for word among the training"
            " questions: these figures flatter."
        )
