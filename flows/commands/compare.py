"""Compare ways to do the same thing on the same data."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flows.commands.session import app, session
from tasks.kernel.errors import ConfigError
from tasks.kernel.imports import importing

if TYPE_CHECKING:
    from flows.runs.comparison import QuestionFiles
    from tasks.kernel.settings import Settings

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
    typer.Option(help="A new folder for table and page and, on files, the routers."),
]


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

    With CONFIG on the questions of its domains, with --train and --test on two files; cached and logged
    to MLflow either way.
    """
    with session(writes=True) as settings:
        if folder and folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"{folder}: not empty; name a new folder")
        if bool(configs) == bool(train and test) or (configs and (train or test)):
            raise ConfigError("give either a CONFIG, or both --train and --test")
        with importing():
            from flows.report.comparison_page import comparison_json, comparison_words
            from flows.runs.comparison import QuestionFiles
            from tasks.records.router_comparison import read_comparison
        files = (
            train
            and test
            and QuestionFiles(
                train=train,
                test=test,
                out_of_scope_domain=out_of_scope_domain,
                max_false_rejections=max_false_rejections,
            )
        )
        done = _compare(configs or [], kinds, files or None, settings)
        if folder:
            shutil.copytree(done, folder, dirs_exist_ok=True)
        rows = read_comparison(done)
    if as_json:
        typer.echo(comparison_json(rows))
        return
    Console(emoji=False).print(comparison_words(rows))


def _compare(
    configs: Sequence[Path], kinds: str, files: "QuestionFiles | None", settings: "Settings"
) -> Path:
    """Run the flow; its page stays in the folder of comparisons, and this says where."""
    with importing():
        from flows.runs.comparison import comparison
        from flows.runs.interrupt import ends_on_interrupt
        from flows.runs.live_progress import shown_progress
        from flows.server.local import prefect_api
    told = Console(stderr=True, emoji=False)
    with ends_on_interrupt(), prefect_api(settings), shown_progress(told):
        done: Path = comparison(list(configs), kinds, files)
    told.print(f"written to {done / 'comparison.html'}", highlight=False, soft_wrap=True)
    return done
