"""Compare ways to do the same thing on the same data."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flows.commands.session import app, session
from tasks.kernel.errors import ConfigError
from tasks.kernel.imports import importing

if TYPE_CHECKING:
    from tasks.kernel.settings import Settings
    from tasks.kernel.workspace import Progress
    from tasks.route.compare.rows import Compared
    from tasks.route.config import RouteConfig

Configs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[CONFIG]...", help="YAML files, merged left to right, instead of question files."
    ),
]
QuestionFile = Annotated[Path | None, typer.Option(help="JSON lines with `question` and `domain`.")]
Kinds = Annotated[
    str,
    typer.Option(
        help="Comma-separated, such as `tfidf-reference,tfidf,semantic,encoder,cascade,best`; none: the"
        " configuration's candidates, or tfidf-reference and tfidf on files."
    ),
]
OutOfScope = Annotated[
    str,
    typer.Option(help="In the files, the domain of questions that belong to none; empty: there are none."),
]
Lost = Annotated[
    float,
    typer.Option(
        min=0.0001, max=0.5, help="On files, share of the questions in scope that a router may reject."
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(help="A new folder for the table and the page and, on files, the routers by kind."),
]
_ON_FILES = "tfidf-reference,tfidf"


@app.command("compare-routers")
def compare_routers(  # noqa: PLR0913  each option is a choice of its own
    configs: Configs = None,
    *,
    train: QuestionFile = None,
    test: QuestionFile = None,
    kinds: Kinds = "",
    out_of_scope_domain: OutOfScope = "oos",
    max_false_rejections: Lost = 0.04,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Train several kinds of router on the same questions and compare them on others.

    With CONFIG on the questions of its domains, cached and logged to MLflow; with --train and --test on
    two files.
    """
    with session() as settings:
        from flows.runs.comparison import as_json as written
        from flows.runs.comparison import comparison_words, write_comparison

        if folder and folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"{folder}: not empty; name a new folder")
        if configs and not (train or test):
            rows = _on_config(configs, kinds, settings)
        elif train and test and not configs:
            routes = _routes(kinds or _ON_FILES, max_false_rejections)
            rows = _on_files(train, test, out_of_scope_domain, routes, folder)
        else:
            raise ConfigError("give either a CONFIG, or both --train and --test")
        files = write_comparison(rows, folder) if folder else []
    if as_json:
        typer.echo(written(rows))
        return
    console = Console(emoji=False)
    console.print(comparison_words(rows))
    for file in files:
        console.print(f"written to {file}", highlight=False, soft_wrap=True)


def _on_config(configs: Sequence[Path], kinds: str, settings: "Settings") -> "list[Compared]":
    """Run the flow; its page stays in the folder of comparisons, and this says where."""
    with importing():
        from flows.runs.comparison import comparison, read_rows
        from flows.runs.interrupt import ends_on_interrupt
        from flows.runs.progress import shown_progress
        from flows.server.local import prefect_api
    told = Console(stderr=True, emoji=False)
    with ends_on_interrupt(), prefect_api(settings), shown_progress(told):
        done = comparison(list(configs), kinds)
    told.print(f"written to {done / 'comparison.html'}", highlight=False, soft_wrap=True)
    return read_rows(done / "comparison.json")


def _routes(kinds: str, max_false_rejections: float) -> "tuple[RouteConfig, ...]":
    from tasks.route.compare_config import CompareConfig, routes_of
    from tasks.route.config import RouteConfig

    return routes_of(CompareConfig(), RouteConfig(max_false_rejections=max_false_rejections), kinds)


def _on_files(
    train: Path, test: Path, out_of_scope: str, routes: "Sequence[RouteConfig]", folder: Path | None
) -> "list[Compared]":
    from tasks.route.compare.compare import compare_routers as compared
    from tasks.route.compare.question_files import read_labelled
    from tasks.route.encoder.sources import encoder_folders
    from tasks.route.kinds.fitted import Resources

    known, asked = (read_labelled(path, out_of_scope) for path in (train, test))
    encoders = {name: path for route in routes for name, path in encoder_folders(route.router).items()}
    with tempfile.TemporaryDirectory() as scratch, _told() as progress:
        resources = Resources(encoders, Path(scratch) / "scratch", progress)
        return compared(known, asked, routes, resources, folder or Path(scratch) / "routers")


@contextmanager
def _told() -> "Iterator[Progress]":
    """Show on standard error how far training is."""
    with Console(stderr=True, emoji=False).status("reading") as status:

        def progress(done: int, total: int, unit: str, **_metrics: float) -> None:
            status.update(f"{done:,} of {total:,} {unit}")

        yield progress
