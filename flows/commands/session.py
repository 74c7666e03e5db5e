"""What every command shares: the application, the settings, and how an error is told.

In: the environment. Out: prepared settings for the block of a command; an error of the pipeline
becomes one message on standard error and an exit code: 2 where the user can mend it, else 1.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tasks.kernel.errors import PipelineError, StageError

if TYPE_CHECKING:
    from tasks.kernel.settings import Settings

app = typer.Typer(
    help="From a library of PDFs to a mixture of pocket-size experts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigFiles = Annotated[list[Path], typer.Argument(help="YAML files, merged left to right.")]
RunFolder = Annotated[Path | None, typer.Option("--run", help="A run's folder; none: the newest.")]


@contextmanager
def session() -> "Iterator[Settings]":
    """Prepare the environment, and turn the pipeline's errors into one message and an exit code."""
    from flows.server.local import prepare_environment
    from tasks.kernel.execution.worker import FULL_DISK, explain
    from tasks.kernel.settings import Settings

    try:
        settings = Settings.read()
        prepare_environment(settings)
        yield settings
    except PipelineError as error:
        _tell(str(error))
        sys.exit(1 if isinstance(error, StageError) else 2)
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        _tell(explain(error))
        sys.exit(2)


def _tell(message: str) -> None:
    Console(stderr=True, emoji=False).print(
        f"error: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )
